#pragma once

#include "actors/raft/mutant.hpp"
#include "actors/raft/raft_machine.hpp"
#include "tests/simulation/fault_plan.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/journal_image.hpp"
#include "tests/simulation/oracles.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <iosfwd>
#include <optional>
#include <queue>
#include <set>
#include <vector>

namespace present::simulation {

struct run_options {
  std::uint64_t seed = 1;
  std::uint32_t voters = 3;
  std::uint64_t faults_until_ms = 6000;
  raft::mutant defect = raft::mutant::none;
  std::vector<fault_kind> focus;          ///< of the plan; empty: any
  std::optional<std::vector<fault>> plan; ///< else `plan_of(seed)`
  std::ostream* log = nullptr;            ///< every step, in words
};

struct run_result {
  std::string oracle; ///< empty: nothing was violated
  std::string what;
  std::uint64_t violated_at_ms = 0;
  std::vector<fault> plan;
  std::uint64_t events = 0;
  std::uint64_t simulated_ms = 0;
  std::uint64_t trace = 0; ///< equal for equal runs
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t elections = 0;
  /// How often each fault had an effect; one that had none proves nothing.
  std::array<std::uint64_t, fault_kinds> effective{};
};

/// One simulated node: a machine, a disk with synced and unsynced writes, a
/// state machine with its checkpoint, a clock of its own.
struct simulated_node {
  struct pinned_snapshot {
    raft::snapshot_mark mark;
    std::uint64_t digest = 0;
    std::string bytes;
  };
  struct waiting_write {
    term at_term;
    raft::ticket id;
  };
  struct waiting_read {
    log_index index;
    raft::ticket id;
  };

  node_id id;
  // Survives a crash.
  journal_image journal;
  checkpoint saved;
  bool lacks_state() const { return saved.mark.index < journal.base.index; }
  // Lost by a crash.
  std::unique_ptr<raft::raft_machine> machine;
  std::deque<raft::persist> unsynced;
  key_value_state state;
  log_index applied;
  std::multimap<log_index, waiting_write> writes;
  std::vector<waiting_read> reads;
  std::map<node_id, pinned_snapshot> sending;
  pinned_snapshot arriving;
  // The world's view.
  std::uint64_t life = 0; ///< events of an earlier life are dropped
  bool up = false;
  std::uint64_t paused_until_us = 0;
  bool fail_next_sync = false;
  std::uint64_t armed_us = 0;
  std::int64_t drift_per_mille = 0;
  std::uint64_t clock_ns = 0;
  std::uint64_t clock_read_us = 0;
  std::optional<std::uint32_t> crash_after_effects; ///< in the middle of a step
  std::uint64_t crash_duration_us = 0;
  std::uint64_t crash_after_vote_us = 0; ///< for how long; 0: not
  std::uint64_t stall_next_sync_us = 0;
  bool syncing = false;
  std::uint64_t synced = 0; ///< the last write that is durable
  bool refuses_as_full = false; ///< what follows a failed write
  std::uint64_t checkpoint_every = 64;
};

/// A raft group in one thread, with everything around it simulated: network,
/// disks, clocks, clients, faults. One seed decides all of it, so a run can be
/// repeated exactly.
class world {
public:
  explicit world(const run_options& options);
  run_result run();

private:
  // -- run.cpp: the order of things --------------------------------------------
  void at(std::uint64_t time_us, std::function<void()> what);
  void run_until(std::uint64_t time_us, const std::function<bool()>& done);
  void play();
  void check_recovery();
  simulated_node* current_leader();
  simulated_node& node_at(node_id id) { return nodes_[id.value - 1]; }

  // -- shell.cpp: what the actor around the machine does -----------------------
  void start(simulated_node& node);
  void crash(simulated_node& node);
  void tell(simulated_node& node, raft::event_kind what);
  void tell_later(simulated_node& node, std::uint64_t delay_us,
                  raft::event_kind what);
  void arm(simulated_node& node);
  void write_log(const simulated_node& node, const std::string& event,
                 const raft::effects& done) const;
  std::uint64_t clock_of(simulated_node& node);
  void fold_into_trace(const simulated_node& node, const raft::effects& done);
  template <class Effect>
  void perform(simulated_node&, const Effect&) {} // told to nobody here
  void perform(simulated_node& node, const raft::send& effect);
  void perform(simulated_node& node, const raft::persist& effect);
  void perform(simulated_node& node, const raft::apply& effect);
  void perform(simulated_node& node, const raft::proposal_accepted& effect);
  void perform(simulated_node& node, const raft::proposal_refused& effect);
  void perform(simulated_node& node, const raft::proposal_replaced& effect);
  void perform(simulated_node& node, const raft::proposal_unknown& effect);
  void perform(simulated_node& node, const raft::read_ready& effect);
  void perform(simulated_node& node, const raft::read_refused& effect);
  void perform(simulated_node& node, const raft::load_entries& effect);
  void perform(simulated_node& node, const raft::rebuild_needed& effect);
  void perform(simulated_node& node, const raft::read_snapshot& effect);
  void perform(simulated_node& node, const raft::release_snapshot& effect);
  void perform(simulated_node& node, const raft::install_snapshot& effect);
  void begin_sync(simulated_node& node);
  void end_sync(simulated_node& node, std::uint64_t number);
  void fail_writes(simulated_node& node, bool full);
  void answer_reads(simulated_node& node);
  void save_checkpoint(simulated_node& node);
  std::uint64_t sync_time(simulated_node& node);

  // -- network.cpp -------------------------------------------------------------
  void transmit(const raft::message& what);
  void deliver(const raft::message& what);
  void block(node_id from, node_id to, fault_kind because);
  void unblock(node_id from, node_id to, fault_kind because);
  bool lost(const raft::message& what);
  void report_link(node_id at, node_id peer, bool up, std::uint64_t delay_us);

  // -- faults.cpp --------------------------------------------------------------
  void begin_fault(const fault& item);
  void begin_halt(const fault& item, simulated_node& node);
  void begin_network_fault(const fault& item, const simulated_node& node,
                           const simulated_node* leading);
  void crash_for(simulated_node& node, std::uint64_t duration_us, fault_kind kind);
  void lose_state(simulated_node& node, std::uint64_t duration_us);
  void part(const std::set<node_id>& minority, const fault& item);
  void reconfigure(simulated_node& leader, std::uint64_t pick);
  void end_all_faults();
  struct condition;
  const condition* active(fault_kind kind, node_id node) const;
  void count(fault_kind kind) { ++result_.effective[static_cast<std::size_t>(kind)]; }

  // -- clients.cpp -------------------------------------------------------------
  void client_turn(std::uint64_t client);
  raft::ticket ask(bool is_write, node_id target);
  void close(raft::ticket id);
  void tell_client(raft::ticket id, std::function<void()> what);

  struct occurrence {
    std::uint64_t at_us;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const occurrence& other) const {
      return std::pair{other.at_us, other.order} < std::pair{at_us, order};
    }
  };
  run_options options_;
  seeded_random random_;
  run_result result_;
  std::priority_queue<occurrence> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t now_us_ = 0;
  std::vector<simulated_node> nodes_;
  history clients_;
  oracles oracles_;
  std::map<std::pair<node_id, node_id>, std::vector<fault_kind>> blocked_;
  struct condition {
    std::uint64_t until_us = 0;
    std::uint32_t strength = 0;
    node_id target;
  };
  std::array<condition, fault_kinds> conditions_{};
  std::map<std::pair<node_id, node_id>, std::uint64_t> last_delivery_us_;
  std::map<std::uint64_t, node_id> guesses_; // where a client believes the leader
  std::map<raft::ticket, std::uint64_t> asking_; // client of an open operation
  bool quiet_clients_ = false;
  bool faults_over_ = false;
};

/// Runs one seed from beginning to end.
run_result run(const run_options& options);

} // namespace present::simulation
