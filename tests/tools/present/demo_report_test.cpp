#include "tools/present/demo_report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::tools;

namespace {

const std::vector<iso_record> three{{"4217/CHF", "franc"}, {"4217/EUR", "euro"},
                                    {"4217/SEK", "krona"}};
const std::map<std::string, std::uint64_t> versions{
  {"4217/CHF", 10}, {"4217/EUR", 11}, {"4217/SEK", 12}};

std::vector<stored_record> as_read() {
  return {{three[0], 10}, {three[1], 11}, {three[2], 12}};
}

} // namespace

TEST_CASE("the kill is due once, when half is acknowledged") {
  import_ledger ledger{5};
  ledger.on_acknowledged(10, false);
  ledger.on_acknowledged(11, false);
  CHECK_FALSE(ledger.is_kill_due());
  ledger.on_acknowledged(12, false);
  CHECK(ledger.is_kill_due());
  ledger.on_killed(13);
  CHECK_FALSE(ledger.is_kill_due());
}

TEST_CASE("the longest gap after the kill is how long writes stood still") {
  import_ledger ledger{6};
  for (const time_ms now : {0, 900, 901})
    ledger.on_acknowledged(now, false);
  ledger.on_killed(1000);
  ledger.on_acknowledged(1002, false); // was on its way
  ledger.on_acknowledged(1402, true);
  ledger.on_acknowledged(1403, false);
  CHECK(ledger.is_complete());
  CHECK(ledger.before_kill() == 3);
  CHECK(ledger.after_kill() == 3);
  CHECK(ledger.repeated() == 1);
  CHECK(ledger.standstill_ms() == 400);
}

TEST_CASE("what is read back as it was written is clean, with equal checksums") {
  const auto found = compare_records(three, versions, as_read());
  CHECK(found.is_clean());
  CHECK(found.read == 3);
  CHECK(found.input_checksum == found.read_checksum);
}

TEST_CASE("a lost record is found and named") {
  auto read = as_read();
  read.erase(read.begin() + 1);
  const auto found = compare_records(three, versions, read);
  CHECK(found.lost == 1);
  CHECK(found.first_difference == "4217/EUR: is lost");
  CHECK(found.input_checksum != found.read_checksum);
}

TEST_CASE("a record that was applied again shows by its version") {
  auto read = as_read();
  read[2].version = 19;
  const auto found = compare_records(three, versions, read);
  CHECK(found.applied_twice == 1);
  CHECK(found.lost == 0);
  CHECK(found.first_difference
        == "4217/SEK: acknowledged at version 12, now at 19");
}

TEST_CASE("another value, and a record from nowhere, are found") {
  auto read = as_read();
  read[0].what.value = "frank";
  read.push_back({{"4217/XYZ", "?"}, 20});
  read.insert(read.begin(), {{"0000/AAA", "?"}, 21});
  const auto found = compare_records(three, versions, read);
  CHECK(found.different == 1);
  CHECK(found.unexpected == 2);
  CHECK(found.first_difference == "0000/AAA: is not in the input");
}

TEST_CASE("a record that was never acknowledged is unexpected") {
  auto fewer = versions;
  fewer.erase("4217/EUR");
  CHECK(compare_records(three, fewer, as_read()).unexpected == 1);
}

TEST_CASE("a verification crosses to the process that asked for it") {
  auto read = as_read();
  read[2].version = 19;
  const auto found = compare_records(three, versions, read);
  const auto back = verification_from_json(to_json(found).dump());
  REQUIRE(back);
  CHECK(*back == found);
  CHECK_FALSE(verification_from_json("{}"));
  CHECK_FALSE(verification_from_json(""));
}

TEST_CASE("the report says what matters, in both shapes") {
  demo_report report;
  report.records = 13'467;
  report.before_kill = 6'734;
  report.after_kill = 6'733;
  report.standstill_ms = 412;
  report.killed_node = 2;
  report.found = compare_records(three, versions, as_read());
  const auto text = to_text(report);
  CHECK(text.find("acknowledged before the kill    6,734\n") != text.npos);
  CHECK(text.find("writes stood still for          412 ms\n") != text.npos);
  CHECK(text.find("nothing was lost, nothing was applied twice\n") != text.npos);
  CHECK(to_json(report)["acknowledged_after_kill"] == 6'733);
  report.found.first_difference = "4217/EUR: is lost";
  CHECK(to_text(report).find("first difference: 4217/EUR") != std::string::npos);
}

TEST_CASE("numbers and progress are easy to read") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(13'467) == "13,467");
  CHECK(with_thousands(1'000'000) == "1,000,000");
  CHECK(progress_bar(6'733, 13'467, 10) == "[####......]  49 %  6,733 of 13,467");
  CHECK(progress_bar(0, 0, 4) == "[####] 100 %  0 of 0");
}
