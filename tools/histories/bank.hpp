#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Accounts between which transactions move money. Whoever reads all of them in
/// one transaction finds what was there in the beginning, in other places.
namespace present::histories {

struct bank {
  std::vector<std::string> accounts;
  std::int64_t total = 0;
  bool may_owe = false; ///< balances below zero
};

/// A committed transaction that read all accounts.
struct bank_reading {
  std::uint32_t process = 0;
  std::map<std::string, std::int64_t> balances;
  std::uint64_t called = 0;
  std::uint64_t returned = 0;
};

struct bank_verdict {
  std::size_t readings = 0;
  std::size_t wrong = 0;
  std::vector<std::string>
      complaints; ///< about the first few: what, when, by how much

  bool is_sum_kept() const { return wrong == 0; }
};

bank_verdict judge_bank(const bank& whole,
                        const std::vector<bank_reading>& readings);

} // namespace present::histories
