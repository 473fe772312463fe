#include "tools/histories/bank.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace present::histories;

namespace {

const bank two_accounts{{"a", "b"}, 100, false};

std::string complaint_about(const bank& whole,
                            std::map<std::string, std::int64_t> balances) {
  const auto found = judge_bank(whole, {{3, std::move(balances), 10, 20}});
  return found.is_sum_kept() ? "" : found.complaints.front();
}

} // namespace

TEST_CASE("a bank whose sum is kept is accepted, whoever has the money") {
  const auto found
      = judge_bank(two_accounts, {{0, {{"a", 100}, {"b", 0}}, 0, 1},
                                  {1, {{"a", 30}, {"b", 70}}, 2, 3}});
  CHECK(found.is_sum_kept());
  CHECK(found.readings == 2);
  CHECK(complaint_about({{"a", "b"}, 0, true}, {{"a", -5}, {"b", 5}}) == "");
}

TEST_CASE("money that is lost, made, owed or nowhere is told of") {
  const std::string who = "process 3 reads, called 10, returned 20: ";
  CHECK(complaint_about(two_accounts, {{"a", 40}, {"b", 50}})
        == who + "the sum is 90 and should be 100");
  CHECK(complaint_about(two_accounts, {{"a", 60}, {"b", 50}})
        == who + "the sum is 110 and should be 100");
  CHECK(complaint_about(two_accounts, {{"a", -10}, {"b", 110}})
        == who + "account a owes: -10");
  CHECK(complaint_about(two_accounts, {{"a", 100}})
        == who + "account b is missing");
  CHECK(complaint_about(two_accounts, {{"a", 50}, {"b", 50}, {"c", 0}})
        == who + "account c is none of the bank's");
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(complaint_about(two_accounts, {{"a", most}, {"b", most}})
        == who + "the sum has more than 64 bits");
}

TEST_CASE("all wrong readings are counted, the first few told of") {
  const std::vector<bank_reading> wrong(20, {0, {{"a", 1}, {"b", 1}}, 0, 1});
  const auto found = judge_bank(two_accounts, wrong);
  CHECK(found.wrong == 20);
  CHECK(found.complaints.size() == 8);
}
