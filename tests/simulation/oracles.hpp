#pragma once

#include "tests/simulation/history.hpp"
#include "tests/simulation/reference_state.hpp"
#include "tests/simulation/simulated_node.hpp"

#include <functional>
#include <map>
#include <vector>

namespace present::simulation {

/// What must hold of a whole group (CONSENSUS.md, *Oracles*), looked at after
/// every turn from outside of the replicas. Throws `oracle_violation`.
///
/// One leader, and one vote of each replica, per term. A new leader has all that
/// was committed. What is acknowledged is durable; what is committed is durable on
/// a quorum, counted by an entry of the leader's own term. All replicas commit and
/// apply the same entries, each once and in order, and their states at one index are
/// equal. Stamps rise along the log, and are not ahead of every clock there was.
class oracles {
public:
  using node_of = std::function<const simulated_node&(node_id)>;

  oracles(node_of nodes, std::vector<client_id> clients, reference_state& truth,
          history& seen)
      : nodes_(std::move(nodes)), clients_(std::move(clients)), truth_(truth), seen_(seen) {}

  void turned(const simulated_node& node, const standing& before,
              const partition::replica_effects& done);
  /// Some clock shows this.
  void clock_shown(std::uint64_t wall_ms) { latest_wall_ms_ = std::max(latest_wall_ms_, wall_ms); }

  log_index committed() const { return log_index{committed_.size()}; }
  std::uint64_t elections() const { return leaders_.size(); }

private:
  void check_leadership(const raft::raft_machine& machine);
  void check_votes(const raft::message& what);
  void check_acknowledged(const simulated_node& node, const raft::message& what);
  void check_commit(const simulated_node& node, const standing& before);
  void check_new_commit(const simulated_node& node, const standing& before, log_index index,
                        term at_term);
  void check_applied(const simulated_node& node, const standing& before);
  void take_in(const raft::entry& item);

  node_of nodes_;
  std::vector<client_id> clients_;
  reference_state& truth_;
  history& seen_;
  std::uint64_t latest_wall_ms_ = 0;
  std::map<term, node_id> leaders_;
  std::map<std::pair<node_id, term>, node_id> votes_;
  struct committed_entry {
    term at_term;
    term by; ///< the term of the leader that committed it
    raft::payload_ptr payload;
  };
  std::vector<committed_entry> committed_; // [i] is index i + 1
  std::map<log_index, std::uint64_t> digests_;
};

} // namespace present::simulation
