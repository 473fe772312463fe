#include "actors/client/crdt_change.hpp"
#include "actors/client/plain_value.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/typed_value.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::client;

namespace {

/// A key of a space of CRDTs, changed as a command does it.
struct changed_key {
  std::optional<std::string> bytes;

  std::string change(crdt_change what) {
    what.by = {1};
    const auto delta = delta_of(
      bytes ? std::optional<std::string_view>{*bytes} : std::nullopt, what);
    if (!delta)
      return delta.problem().message;
    const auto joined = bytes ? crdt::join_stored(*bytes, *delta) : crdt::checked(*delta);
    REQUIRE(joined);
    bytes = *joined;
    return plain_form(*bytes)->value.dump();
  }
};

} // namespace

TEST_CASE("typed values are read in plain form, bytes are what they are") {
  const auto form = [](const storage::typed_value& what) {
    const auto found = plain_form(storage::encode_typed(what));
    REQUIRE(found);
    return std::string{found->type} + " " + found->value.dump();
  };
  CHECK(form(storage::integer_value{-5}) == "integer -5");
  CHECK(form(storage::list_value{{"b", "a", "b"}}) == R"(list ["b","a","b"])");
  CHECK(form(storage::set_value{{"a", "\xff"}}) == R"(set ["a",{"base64":"/w=="}])");
  CHECK_FALSE(plain_form("blue"));
  CHECK_FALSE(plain_form(""));
  CHECK_FALSE(plain_form(std::string{storage::crdt_head} + "broken"));
}

TEST_CASE("each CRDT takes its own changes, and shows them in plain form") {
  changed_key grows;
  CHECK(grows.change({.type = "g-counter", .add = 2}) == "2");
  CHECK(grows.change({.type = "g-counter", .add = 3}) == "5");
  CHECK(grows.change({.type = "g-counter", .add = -1})
        == "a value of kind g-counter takes one addition, not below 0");
  changed_key counts;
  CHECK(counts.change({.type = "pn-counter", .add = 2}) == "2");
  CHECK(counts.change({.type = "pn-counter", .add = -5}) == "-3");
  changed_key last;
  CHECK(last.change({.type = "lww-register", .now = {7}, .write = "a"}) == "\"a\"");
  CHECK(last.change({.type = "lww-register", .now = {3}, .write = "b"}) == "\"b\"");
  CHECK(last.change({.type = "lww-register", .clear = true}) == "null");
  changed_key side;
  CHECK(side.change({.type = "mv-register", .write = "a"}) == R"(["a"])");
  CHECK(side.change({.type = "mv-register", .write = "b"}) == R"(["b"])");
  changed_key set;
  CHECK(set.change({.type = "or-set", .insert = {"a", "b"}}) == R"(["a","b"])");
  CHECK(set.change({.type = "or-set", .insert = {"c"}, .erase = {"a"}}) == R"(["b","c"])");
  CHECK(set.change({.type = "or-set", .insert = {"d"}, .clear = true}) == R"(["d"])");
  changed_key map;
  CHECK(map.change({.type = "or-map", .field = "f", .write = "v"}) == R"({"f":{"values":["v"]}})");
  CHECK(map.change({.type = "or-map", .field = "g", .insert = {"m"}})
        == R"({"f":{"values":["v"]},"g":{"members":["m"]}})");
  CHECK(map.change({.type = "or-map", .field = "f", .clear = true})
        == R"({"g":{"members":["m"]}})");
}

TEST_CASE("what a CRDT doesn't take is refused by name") {
  changed_key key;
  CHECK(key.change({.type = "counter", .add = 1}).starts_with("type: 'counter' is none of"));
  CHECK(key.change({.type = "or-set", .add = 1})
        == "a value of kind or-set takes members to insert or erase, or to be cleared");
  CHECK(key.change({.type = "or-map", .write = "v"}).starts_with("a value of kind or-map takes"));
  key.change({.type = "or-set", .insert = {"a"}});
  CHECK(key.change({.type = "pn-counter", .add = 1})
        == "the key has a value of kind or-set, not pn-counter");
  key.bytes = "blue";
  CHECK(key.change({.type = "or-set", .insert = {"a"}}).starts_with("the key has no CRDT"));
}
