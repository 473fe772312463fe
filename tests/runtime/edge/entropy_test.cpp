#include "runtime/edge/entropy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>

using namespace present::edge;

TEST_CASE("the same seed gives the same numbers, another gives others") {
  seeded_entropy one(42);
  seeded_entropy same(42);
  seeded_entropy other(43);
  for (int i = 0; i < 100; ++i) {
    const auto value = one.next();
    CHECK(value == same.next());
    CHECK(value != other.next());
  }
}

TEST_CASE("splitmix64 is the published one") {
  // The first outputs of the reference implementation for seed 1234567.
  seeded_entropy source(1234567);
  CHECK(source.next() == 6457827717110365317u);
  CHECK(source.next() == 3203168211198807973u);
}

TEST_CASE("ids are distinct and never 0") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i)
    CHECK(seen.insert(machine_entropy().next_id()).second);
  CHECK_FALSE(seen.contains(0));
}

TEST_CASE("hexadecimal ids have the length asked for") {
  seeded_entropy source(1);
  for (std::size_t bytes : {0, 1, 6, 8, 9, 16}) {
    const auto text = source.next_hex(bytes);
    CHECK(text.size() == 2 * bytes);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
}

TEST_CASE("a fill reaches every byte") {
  std::array<std::byte, 33> seen{};
  for (int i = 0; i < 64; ++i) {
    std::array<std::byte, 33> bytes{};
    machine_entropy().fill(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at)
      seen[at] |= bytes[at];
  }
  for (const auto byte : seen)
    CHECK(byte == std::byte{0xff});
}
