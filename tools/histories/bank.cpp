#include "tools/histories/bank.hpp"

#include <algorithm>

namespace present::histories {

namespace {

/// Empty where the reading can be right.
std::string complaint_about(const bank& whole, const bank_reading& reading) {
  std::int64_t sum = 0;
  for (const auto& [account, balance] : reading.balances) {
    if (std::find(whole.accounts.begin(), whole.accounts.end(), account)
        == whole.accounts.end())
      return "account " + account + " is none of the bank's";
    if (balance < 0 && !whole.may_owe)
      return "account " + account + " owes: " + std::to_string(balance);
    if (__builtin_add_overflow(sum, balance, &sum))
      return "the sum has more than 64 bits";
  }
  for (const auto& account : whole.accounts)
    if (!reading.balances.contains(account))
      return "account " + account + " is missing";
  if (sum == whole.total)
    return {};
  return "the sum is " + std::to_string(sum) + " and should be "
       + std::to_string(whole.total);
}

} // namespace

bank_verdict judge_bank(const bank& whole,
                        const std::vector<bank_reading>& readings) {
  constexpr std::size_t most_complaints = 8;
  bank_verdict made;
  made.readings = readings.size();
  for (const auto& one : readings) {
    const auto complaint = complaint_about(whole, one);
    if (complaint.empty())
      continue;
    if (++made.wrong <= most_complaints)
      made.complaints.push_back("process " + std::to_string(one.process)
                                + " reads, called " + std::to_string(one.called)
                                + ", returned " + std::to_string(one.returned)
                                + ": " + complaint);
  }
  return made;
}

} // namespace present::histories
