#pragma once

#include "tests/simulation/cluster/witness.hpp"
#include "tools/histories/transaction.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace present::simulation::cluster {

/// What clients did to lists in transactions, and what they saw. All of it together must
/// be strictly serializable (tools/histories/transaction_judge.hpp).
class transaction_history {
public:
  using ticket = std::size_t;

  explicit transaction_history(witness& oracle) : oracle_(oracle) {}

  /// It may take effect from now on, or never.
  ticket called(std::uint32_t client, std::vector<histories::list_action> what,
                std::uint64_t now);
  /// The client was told so; what its reads found is known by now.
  void committed(ticket id, std::uint64_t now);
  /// It provably had no effect.
  void aborted(ticket id, std::uint64_t now);
  /// What the read at this place among the actions has found.
  void found(ticket id, std::size_t place, std::vector<std::int64_t> list);
  const histories::transaction& at(ticket id) const { return all_[id]; }

  void judge() const;

private:
  witness& oracle_;
  std::vector<histories::transaction> all_;
};

} // namespace present::simulation::cluster
