#include "tools/present/saved_contexts.hpp"

#include "tools/present/scratch_folder.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

saved_contexts example() {
  saved_contexts all;
  all.current = "prod";
  all.by_name["here"].data = "/a folder/with \"quotes\"";
  all.by_name["prod"] = {"", "10.0.0.1:7400", "ca.pem", "me.pem", "me.key"};
  return all;
}

} // namespace

TEST_CASE("contexts come back as they were written") {
  const auto back = decode_contexts(encode_contexts(example()), "contexts.toml");
  REQUIRE(back);
  CHECK(*back == example());
  const scratch_folder folder{"", false};
  const auto none = load_contexts(folder.path() / "deeper");
  REQUIRE(none);
  CHECK(none->by_name.empty());
  REQUIRE(save_contexts(folder.path() / "deeper", example()));
  const auto read = load_contexts(folder.path() / "deeper");
  REQUIRE(read);
  CHECK(*read == example());
  CHECK_FALSE(save_contexts({}, example()));
}

TEST_CASE("what can't be in the file is named with its place") {
  const auto wrong = decode_contexts("[contexts.prod]\nendpiont = 'x'\n", "c.toml");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.problem().message.find("c.toml:2:1: unknown key 'contexts.prod.endpiont'") == 0);
}

TEST_CASE("a context is found by its name, or the nearest is said") {
  CHECK(example().find("prod"));
  const auto none = example().find("prd");
  REQUIRE_FALSE(none);
  CHECK(none.problem().code == error_code::not_found);
  CHECK(none.problem().message == "there is no context 'prd'; did you mean 'prod'?");
}

TEST_CASE("a name is short and plain, and a context says all that it takes") {
  for (const auto* good : {"a", "prod-eu_1"})
    CHECK(check_context_name(good));
  for (const auto& bad : {std::string{}, std::string{"a b"}, std::string{"a.b"},
                          std::string(65, 'a')})
    CHECK_FALSE(check_context_name(bad));
  CHECK(example().by_name["here"].missing().empty());
  CHECK(example().by_name["prod"].missing().empty());
  CHECK(saved_context{"", "x", "ca", "", "k"}.missing() == "cert");
}
