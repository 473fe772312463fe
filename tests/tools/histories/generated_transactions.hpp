#pragma once

#include "tests/tools/histories/generated_history.hpp"
#include "tools/histories/transaction.hpp"

#include <vector>

namespace present::histories {

struct transaction_plan {
  std::size_t transactions = 6;
  std::uint32_t clients = 3;
  std::uint64_t keys = 3;              ///< in use at a time
  std::uint64_t appends_per_key = 100; ///< then another takes its place
  std::uint64_t most_actions = 4;      ///< of a transaction
  std::uint64_t lost_percent = 10;
  std::uint64_t aborted_percent = 10;
};

/// What clients would see of a machine that does one transaction at a time,
/// each at some moment between its call and its return. So it is strictly
/// serializable by construction.
std::vector<transaction> generate_transactions(const transaction_plan& plan,
                                               dice& chance);

/// One answer, one time or one ending is not what it was.
void damage(std::vector<transaction>& history, dice& chance);

} // namespace present::histories
