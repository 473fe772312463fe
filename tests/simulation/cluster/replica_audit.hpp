#pragma once

#include "actors/partition/state_machine.hpp"
#include "storage/memory_state_backend.hpp"
#include "tests/simulation/cluster/simulated_disk.hpp"
#include "tests/simulation/cluster/witness.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace present::simulation::cluster {

/// What must hold of replicas, looked at from outside whenever one of them makes a
/// state durable: it contains committed entries only, the same as everybody's, and
/// its digest is that of a reference which applied the same entries one by one. So a
/// shell that drops, repeats or reorders anything on the way from the log to the
/// table is found out, and so is a replica that differs from the others.
class replica_audit {
public:
  explicit replica_audit(witness& oracle) : oracle_(oracle) {}

  void on_state_written(node_id node, storage::memory_journal& journal,
                        const simulated_disk::written_state& what);

  std::uint64_t states_compared() const { return compared_; }

private:
  struct entry_name {
    term at_term;
    std::uint64_t content = 0;
    friend bool operator==(const entry_name&, const entry_name&) = default;
  };
  /// A replica that nothing ever happens to.
  struct reference {
    explicit reference(partition_id partition)
        : table(backend), machine(partition, partition::session_limits{}, table) {}

    storage::memory_state_backend backend;
    storage::state table;
    partition::state_machine machine;
    std::map<log_index, entry_name> entries;
    std::map<log_index, storage::state_digest> digests;
    log_index applied;
  };

  static entry_name name_of(const raft::entry& one);
  void apply(reference& to, const raft::entry& one);
  void check_entries(const reference& known, node_id node, storage::memory_journal& journal,
                     partition_id partition, const raft::snapshot_mark& mark);

  witness& oracle_;
  std::map<partition_id, std::unique_ptr<reference>> references_;
  std::uint64_t compared_ = 0;
};

} // namespace present::simulation::cluster
