#include "runtime/base/error.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace present;

TEST_CASE("each code has its own row, found again by its name") {
  std::set<std::string_view> names;
  for (std::uint16_t raw = 1; raw <= 23; ++raw) {
    const auto code = static_cast<error_code>(raw);
    const auto& row = traits_of(code);
    CHECK(names.insert(row.name).second);
    CHECK(error_code_named(row.name) == code);
    CHECK(row.http_status >= 400);
    CHECK(row.exit_code >= 2);
  }
}

TEST_CASE("exit codes are those of the interface") {
  CHECK(traits_of(error_code::not_found).exit_code == 3);
  CHECK(traits_of(error_code::version_conflict).exit_code == 4);
  CHECK(traits_of(error_code::denied).exit_code == 5);
  CHECK(traits_of(error_code::no_quorum).exit_code == 6);
  CHECK(traits_of(error_code::unknown_outcome).exit_code == 8);
  CHECK(traits_of(error_code::invalid).exit_code == 2);
}

TEST_CASE("a code of a newer program is treated as an unknown outcome") {
  CHECK(traits_of(static_cast<error_code>(999)).known_outcome
        == outcome::unknown);
}

TEST_CASE("an error starts with the outcome of its code") {
  CHECK(make_error(error_code::deadline, "").known == outcome::unknown);
  CHECK(make_error(error_code::no_quorum, "").known == outcome::not_applied);
}
