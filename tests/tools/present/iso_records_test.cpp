#include "tools/present/iso_records.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::tools;

namespace {

const iso_standard currencies{"4217", "alpha_3"};

} // namespace

TEST_CASE("a record's key is standard and code, its value canonical JSON") {
  const auto records = parse_iso_file(
    currencies, R"({"4217": [{"numeric": "756", "name": "Franc suisse é",
                              "alpha_3": "CHF"}]})",
    "here");
  REQUIRE(records);
  REQUIRE(records->size() == 1);
  CHECK(records->front().key == "4217/CHF");
  CHECK(records->front().value
        == R"({"alpha_3":"CHF","name":"Franc suisse é","numeric":"756"})");
}

TEST_CASE("what isn't such a file is refused with its name") {
  for (const std::string text : {"", "{}", R"({"4217": [{"name": "x"}]})"}) {
    const auto records = parse_iso_file(currencies, text, "iso_4217.json");
    REQUIRE_FALSE(records);
    CHECK(records.problem().message.find("iso_4217.json: ") == 0);
  }
}

TEST_CASE("Debian's package has all that the demo promises") {
  const auto records = load_iso_records(iso_folder());
  REQUIRE(records);
  CHECK(records->size() == 249 + 5'127 + 7'910 + 181);
  CHECK(std::is_sorted(records->begin(), records->end()));
}

TEST_CASE("a folder without the package names the package") {
  const auto records = load_iso_records("/nonexistent");
  REQUIRE_FALSE(records);
  CHECK(records.problem().message.find("iso-codes") != std::string::npos);
}

TEST_CASE("the checksum tells apart lists that would join to the same bytes") {
  CHECK(checksum_of({{"ab", "c"}}) != checksum_of({{"a", "bc"}}));
  CHECK(checksum_of({{"a", "b"}, {"c", "d"}}) != checksum_of({{"c", "d"}, {"a", "b"}}));
  CHECK(checksum_of({}) == "e3b0c44298fc1c149afbf4c8996fb924"
                           "27ae41e4649b934ca495991b7852b855");
}
