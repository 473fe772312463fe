#include "storage/typed_value.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>
#include <set>

using namespace present;
using namespace present::storage;

namespace {

std::string integer(std::int64_t number) {
  return encode_typed(integer_value{number});
}

typed_value any_value() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return integer_value{*rc::gen::arbitrary<std::int64_t>()};
    case 1:
      return list_value{*rc::gen::arbitrary<std::vector<std::string>>()};
    default: {
      const auto all = *rc::gen::arbitrary<std::set<std::string>>();
      return set_value{{all.begin(), all.end()}};
    }
  }
}

} // namespace

TEST_CASE("a typed value is read back as it was written, and no cut of it is another") {
  CHECK(rc::check([] {
    const auto value = any_value();
    const auto bytes = encode_typed(value);
    RC_ASSERT(decode_typed(bytes) == value);
    RC_ASSERT(!decode_typed(bytes.substr(0, 4)));
    if (const auto again = decode_typed(bytes.substr(0, bytes.size() - 1)))
      RC_ASSERT(encode_typed(*again).size() < bytes.size());
  }));
}

TEST_CASE("the bytes of a typed value are for good") {
  CHECK(integer(-2) == std::string{"\0PTV\1\xff\xff\xff\xff\xff\xff\xff\xfe", 13});
  CHECK(encode_typed(list_value{{"ab", ""}})
        == std::string{"\0PTV\2\0\0\0\2ab\0\0\0\0", 15});
  CHECK(encode_typed(set_value{{"a"}}) == std::string{"\0PTV\3\0\0\0\1a", 10});
}

TEST_CASE("what isn't in the one form that a value has is bytes") {
  for (const auto* bytes : {"", "42", "plain"})
    CHECK(type_name(bytes) == "bytes");
  const std::string falling{"\0PTV\3\0\0\0\1b\0\0\0\1a", 15};
  CHECK_FALSE(decode_typed(falling));
  const std::string cut{"\0PTV\2\0\0\0\5ab", 11};
  CHECK_FALSE(decode_typed(cut));
  const std::string of_newer_kind{"\0PTV\x09", 5};
  CHECK_FALSE(decode_typed(of_newer_kind));
}

TEST_CASE("numbers are added and bounded; absent is nothing to begin with") {
  CHECK(*with_added(std::nullopt, -5) == integer(-5));
  CHECK(*with_added(integer(40), 2) == integer(42));
  CHECK(*with_least(std::nullopt, 7) == integer(7));
  CHECK(*with_least(integer(3), 7) == integer(3));
  CHECK(*with_greatest(integer(3), 7) == integer(7));
}

TEST_CASE("a sum that doesn't fit is refused, not wrapped around") {
  const auto most = std::numeric_limits<std::int64_t>::max();
  const auto sum = with_added(integer(most), 1);
  REQUIRE_FALSE(sum);
  CHECK(sum.problem().code == error_code::invalid);
  CHECK(sum.problem().message.find("wouldn't fit into 64 bits") != std::string::npos);
}

TEST_CASE("a value of another type is refused, and named") {
  const auto sum = with_added(encode_typed(list_value{}), 1);
  REQUIRE_FALSE(sum);
  CHECK(sum.problem().message == "the key has a list, not an integer");
  CHECK(with_appended(std::string_view{"plain"}, "x").problem().message
        == "the key has bytes, not a list");
  CHECK(with_inserted(integer(1), "x").problem().message
        == "the key has an integer, not a set");
}

TEST_CASE("lists keep their order, sets have each element once") {
  CHECK(rc::check([] {
    const auto elements = *rc::gen::arbitrary<std::vector<std::string>>();
    std::string list = encode_typed(list_value{});
    std::string set = encode_typed(set_value{});
    std::set<std::string> expected;
    for (const auto& each : elements) {
      list = *with_appended(list, each);
      set = *with_inserted(set, each);
      expected.insert(each);
    }
    RC_ASSERT(decode_typed(list) == typed_value{list_value{elements}});
    RC_ASSERT(decode_typed(set)
              == (typed_value{set_value{{expected.begin(), expected.end()}}}));
    for (const auto& each : elements)
      set = *without_element(set, each);
    RC_ASSERT(decode_typed(set) == typed_value{set_value{}});
  }));
}
