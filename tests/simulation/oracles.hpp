#pragma once

#include "actors/raft/raft_machine.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/key_value_state.hpp"

#include <functional>
#include <map>
#include <vector>

namespace present::simulation {

/// What must hold of a whole group (CONSENSUS.md, *Oracles*), looked at after
/// every event from outside of the machines. Throws `oracle_violation`.
class oracles {
public:
  /// Whether a node's disk would give this entry back after a loss of power.
  using is_durable = std::function<bool(node_id, log_index, term)>;

  oracles(is_durable durable, history& clients)
    : durable_(std::move(durable)), clients_(clients) {}

  /// What a machine was before a step.
  struct standing {
    log_index commit;
    raft::configuration members;
  };

  void stepped(const raft::raft_machine& machine, const raft::effects& done,
               const standing& before);
  /// A node has applied up to `index`.
  void applied(node_id node, log_index index, std::uint64_t digest);

  log_index committed() const { return log_index{committed_.size()}; }
  std::uint64_t elections() const { return leaders_.size(); }

private:
  void check_leadership(const raft::raft_machine& machine);
  void check_commit(const raft::raft_machine& machine, const raft::effects& done,
                    const standing& before);
  void check_applied(const raft::apply& batch, node_id node);
  void check_votes(const raft::message& what);
  void check_acknowledged(const raft::raft_machine& machine,
                          const raft::message& what);

  is_durable durable_;
  history& clients_;
  std::map<term, node_id> leaders_;
  std::map<std::pair<node_id, term>, node_id> votes_;
  struct committed_entry {
    term at_term;
    term by; ///< the term of the leader that committed it
  };
  std::vector<committed_entry> committed_; // [i] is index i + 1
  std::vector<raft::payload_ptr> payloads_; // as first applied
  std::map<log_index, std::uint64_t> digests_;
};

} // namespace present::simulation
