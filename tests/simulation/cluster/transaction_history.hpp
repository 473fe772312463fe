#pragma once

#include "actors/client/client_contract.hpp"
#include "tests/simulation/cluster/witness.hpp"
#include "tools/histories/transaction.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace present::simulation::cluster {

/// What clients asked of lists in transactions, and what they were told. All of it
/// together must be strictly serializable (tools/histories/transaction_judge.hpp).
class transaction_history {
public:
  using ticket = std::size_t;

  explicit transaction_history(witness& oracle) : oracle_(oracle) {}

  /// Its steps append numbers to lists, and read lists.
  ticket called(std::uint32_t client, const transact& what, std::uint64_t now);
  void answered(ticket id, const client::outcome_of_call& how, std::uint64_t now);
  /// The client died.
  void lost(ticket id);

  std::uint64_t open() const { return open_; }
  std::uint64_t committed() const { return committed_; }
  void judge() const;

private:
  void learn(histories::transaction& what, const storage::step_results& found);

  witness& oracle_;
  std::vector<histories::transaction> all_;
  std::uint64_t open_ = 0;
  std::uint64_t committed_ = 0;
};

/// A step that appends `value` to the list `key`.
element_step append_step(space_id space, const std::string& key, std::int64_t value);

} // namespace present::simulation::cluster
