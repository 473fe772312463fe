#include "actors/client/key_range.hpp"

#include <doctest/doctest.h>

using namespace present;

TEST_CASE("no bounds are the whole space") {
  CHECK(bounds_of({}) == key_bounds{"", ""});
}

TEST_CASE("a prefix ends before the next key that doesn't begin so") {
  CHECK(bounds_of({"ab", "", ""}) == key_bounds{"ab", "ac"});
  CHECK(bounds_of({"a\xff\xff", "", ""}) == key_bounds{"a\xff\xff", "b"});
  // Nothing is behind these.
  CHECK(bounds_of({"\xff\xff", "", ""}) == key_bounds{"\xff\xff", ""});
}

TEST_CASE("start and end narrow a prefix, and never widen it") {
  CHECK(bounds_of({"ab", "abc", "abx"}) == key_bounds{"abc", "abx"});
  CHECK(bounds_of({"ab", "a", "z"}) == key_bounds{"ab", "ac"});
  CHECK(bounds_of({"", "b", "c"}) == key_bounds{"b", "c"});
}

TEST_CASE("bounds that cross hold no key") {
  CHECK(bounds_of({"", "c", "b"}).is_void);
  CHECK(bounds_of({"", "b", "b"}).is_void);
  CHECK(bounds_of({"ab", "", "a"}).is_void);
  CHECK_FALSE(bounds_of({"", "b", ""}).is_void);
}

TEST_CASE("between a key and the next there is none") {
  CHECK(next_key("a") == std::string("a\0", 2));
  CHECK(next_key("a") > "a");
}
