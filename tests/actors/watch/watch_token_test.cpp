#include "actors/watch/watch_token.hpp"
#include "runtime/base/bounds.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace present;

namespace {

watch_token any_token() {
  watch_token token;
  const auto places = *rc::gen::inRange(1, 6);
  for (int n = 0; n < places; ++n)
    token.places[{*rc::gen::arbitrary<std::uint32_t>()}]
      = {{*rc::gen::inRange<std::uint64_t>(1, ~std::uint64_t{0})},
         *rc::gen::arbitrary<std::uint32_t>()};
  if (*rc::gen::arbitrary<bool>())
    token.above = {*rc::gen::inRange<std::uint64_t>(1, ~std::uint64_t{0})};
  token.of_watch = *rc::gen::arbitrary<std::uint32_t>();
  return token;
}

} // namespace

TEST_CASE("a token is read as it was written") {
  CHECK(rc::check([] {
    const auto token = any_token();
    const auto again = parse_watch_token(to_text(token));
    RC_ASSERT(bool{again});
    RC_ASSERT(*again == token);
  }));
}

TEST_CASE("a token says partition, index and ordinal, and the version it began above") {
  watch_token token{{{{1}, {{4711}, 0}}, {{3}, {{17}, 2}}}, {}};
  CHECK(to_text(token) == "1.4711.0,3.17.2");
  token.above = {99};
  CHECK(to_text(token) == "1.4711.0,3.17.2@99");
  token.of_watch = 0x1a2b;
  CHECK(to_text(token) == "1.4711.0,3.17.2@99~1a2b");
  CHECK(parse_watch_token("@99")->places.empty());
  CHECK(parse_watch_token("@99")->above == hlc_stamp{99});
}

TEST_CASE("what is no token is refused, and where it goes wrong is told") {
  const auto problem = [](std::string_view text) {
    const auto token = parse_watch_token(text);
    REQUIRE_FALSE(token);
    CHECK(token.problem().code == error_code::invalid);
    return token.problem().message;
  };
  for (const auto* text : {"", "1", "1.2", "1.2.3.4", "1.2.x", "a.2.3", "1.2.3,", ",1.2.3", " 1.2.3",
                           "1.0.0", "-1.2.3", "4294967296.1.0", "1.18446744073709551615.0",
                           "1.18446744073709551616.0", "1.1.4294967296"})
    CHECK(problem(text).find("is no place PARTITION.INDEX.ORDINAL") != std::string::npos);
  CHECK(problem("1.2.3,1.2.4").starts_with("from: byte 7: partitions have to rise"));
  CHECK(problem("2.2.3,1.2.4").starts_with("from: byte 7: partitions have to rise"));
  CHECK(problem("1.2.3@").starts_with("from: byte 7: is no version"));
  CHECK(problem("1.2.3@0").starts_with("from: byte 7: is no version"));
  CHECK(problem("@x").starts_with("from: byte 2: is no version"));
  for (const auto* name : {"~", "~0", "~01", "~xyz", "~1 ", "~123456789", "~-1", "~1~2"})
    CHECK(problem("1.2.3" + std::string{name}).starts_with("from: byte 7: is no name of a watch"));
}

TEST_CASE("a token beyond its bound is refused before it is read") {
  const auto long_one = parse_watch_token(std::string(bounds::max_watch_token + 1, '1'));
  REQUIRE_FALSE(long_one);
  CHECK(long_one.problem().code == error_code::too_large);
}

TEST_CASE("whatever bytes come as a token are read or refused") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string{"0123456789.,@~"}),
                     rc::gen::arbitrary<char>()));
    if (const auto token = parse_watch_token(text))
      RC_ASSERT(*parse_watch_token(to_text(*token)) == *token);
    else
      RC_ASSERT(token.problem().code == error_code::invalid);
  }));
}
