#pragma once

#include "actors/partition/replica.hpp"
#include "actors/session/session_machine.hpp"
#include "storage/memory_journal.hpp"
#include "storage/memory_state_home.hpp"
#include "storage/snapshot_shelf.hpp"
#include "tests/simulation/node_conditions.hpp"
#include "tests/simulation/schedule.hpp"
#include "tests/simulation/simulated_clock.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace present::simulation {

class simulated_node;

/// Which client's request, by whose number; chosen by the client.
struct client_call {
  std::uint32_t client = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const client_call&, const client_call&) = default;
};

/// What a node's replica was before a turn.
struct standing {
  log_index commit;
  log_index applied;
  raft::configuration members;
};

/// Where a node's words go, and who looks at it after each turn.
class node_surroundings {
public:
  virtual ~node_surroundings() = default;

  virtual void transmit(const raft::message& what) = 0;
  virtual void reply(const client_call& to, std::shared_ptr<const response> what) = 0;
  /// For the root's map.
  virtual void members_told(const report_members& what) = 0;
  /// Its connections are gone, and what was asked over them.
  virtual void ended(simulated_node& node) = 0;
  virtual void heard(const simulated_node& node, const partition::replica_event_kind& what) = 0;
  virtual void turned(const simulated_node& node, const standing& before,
                      const partition::replica_effects& done) = 0;
};

/// One simulated node: a replica and its disks, and around it what the product's
/// actors do: the journal with its group commit, the checkpointer, the sessions
/// of clients, timers. Everything takes its time and may be cut off by a crash.
class simulated_node {
public:
  static constexpr partition_id partition{1};

  simulated_node(node_id id, store_id store, const raft::configuration& founders,
                 cluster_map_ptr map, schedule& time, node_surroundings& outside);

  // -- its life -----------------------------------------------------------------

  void start();
  /// Loses all that the disks had not been told to keep, but for what they had got
  /// to by themselves.
  void crash();
  /// The replica alone starts anew, as after an exception in its actor.
  void restart_replica();
  bool is_up() const { return replica_ != nullptr; }
  node_id id() const { return id_; }
  store_id store() const { return journal_.identity().store; }

  // -- what reaches it ------------------------------------------------------------

  void tell(partition::replica_event_kind what);
  void tell_later(std::uint64_t delay_us, partition::replica_event_kind what);
  void take_request(const client_call& from, std::shared_ptr<const request> what);
  /// The node keeps the newest map that it heard of.
  void learn_map(cluster_map_ptr map);

  // -- what can be seen of it -------------------------------------------------------

  const partition::replica& replica() const { return *replica_; }
  std::uint64_t snapshots_installed() const { return snapshots_installed_; }
  /// Whether its disks would give this entry back, if nothing on them had been
  /// damaged or lost: who lost what it promised has no voice until it has it again
  /// (rules 15, 16).
  bool has_durable(log_index index, term at_term) const;
  raft::entry entry_at(log_index index) const;
  /// Of values and spaces, and of sessions, as they read now.
  std::uint64_t digest(const std::vector<client_id>& clients) const;

  // -- what is done to it -----------------------------------------------------------

  node_conditions conditions;
  simulated_clock clock;
  /// All is lost; another store begins.
  void wipe(store_id next);
  /// A copy is made of its files; and put back, while it is down. False: nothing was lost
  /// by that, or there is none.
  void copy_files();
  bool put_files_back();
  /// Bytes of the log go bad, if there are any. Says whether.
  bool damage_log();
  /// The next life begins without its state.
  void condemn_state() { home_->condemn(); }

private:
  struct asker {
    std::uint32_t client = 0;
    std::uint64_t number = 0; ///< the session's
  };
  struct door {
    session::session_machine machine{false};
    std::map<std::uint64_t, std::uint64_t> calls; ///< session's number: client's
    std::uint64_t last = 0;
  };

  void open_replica();
  void check_state();
  void arm();
  bool hold_back(partition::replica_event_kind& what);
  void catch_up();
  void perform_all(std::uint64_t life);
  standing standing_now() const;
  void later(std::uint64_t delay_us, std::function<void()> what);

  // the journal's actor
  void perform(partition::write_journal& what);
  void perform(raft::load_entries& what);
  std::uint64_t sync_time();
  void begin_sync();
  void end_sync(std::size_t writes);
  void commit(std::size_t writes);
  void fail_sync();
  std::vector<storage::journal_write> take_gathered(std::size_t writes);
  void keep_some(std::size_t most);
  void keep_all();
  void misdirect(const storage::journal_write& latest);

  // the checkpointer
  void perform(partition::write_checkpoint& what);
  void perform(partition::read_snapshot_part& what);
  void perform(partition::release_snapshot& what);
  void perform(partition::take_snapshot_part& what);
  void perform(partition::replace_state& what);
  void perform(partition::condemn_state& what);
  void enqueue(std::uint64_t takes_us, std::function<void()> what,
               std::function<void()> if_kept = {});
  void run_jobs();
  void end_jobs(bool kept);

  // sessions
  void perform(partition::respond& what);
  void carry_out(std::uint32_t client, session::effects& wanted);
  void lose_askers();

  void perform(raft::send& what);
  void perform(raft::rebuild_needed& what);
  void perform(raft::role_changed&) {}
  void perform(raft::quorum_changed&) {}
  void perform(raft::configuration_changed&) {}
  void perform(partition::skew_seen&) { }
  void perform(partition::stage_reached&) {} // nothing is traced here
  void perform(partition::disputes_changed&) {}
  void perform(partition::witnesses_heard&) {}
  void perform(partition::lapse_seen&) {}
  // There is one partition, so nothing reaches over several.
  void perform(partition::coordinate&) {}
  void perform(partition::drive_decision&) {}
  void perform(partition::doubt_lock&) {}
  void perform(partition::tell_members& what) { outside_.members_told(what.what); }

  const node_id id_;
  const raft::configuration founders_;
  cluster_map_ptr map_;
  schedule& time_;
  node_surroundings& outside_;

  // what survives a crash
  storage::memory_journal journal_;
  std::shared_ptr<storage::memory_state_home> home_;

  /// As they were before they were wiped, or cut off where they are damaged, for the
  /// oracles.
  std::vector<storage::memory_journal> lost_journals_;
  std::optional<storage::memory_journal> old_journal_;
  std::shared_ptr<storage::memory_state_home> old_home_;
  bool damaged_ = false;

  // what doesn't
  std::unique_ptr<partition::replica> replica_;
  std::shared_ptr<storage::snapshot_shelf> shelf_;
  partition::replica_effects said_;
  std::vector<storage::journal_write> gathered_;
  bool syncing_ = false;
  struct job {
    std::uint64_t takes_us;
    std::function<void()> what;
    std::function<void()> if_kept; ///< by the disk alone
  };
  std::deque<job> jobs_;
  bool busy_ = false;
  std::deque<partition::replica_event_kind> held_back_;   ///< R3
  std::deque<partition::replica_event_kind> stood_still_; ///< came during a pause
  std::map<std::uint32_t, door> doors_;
  std::map<partition::request_tag, asker> askers_;
  partition::request_tag last_tag_ = 0;

  const std::size_t checkpoint_bytes_;
  std::uint64_t snapshots_installed_ = 0;
  std::uint64_t opening_ = 0;
  std::uint64_t life_ = 0; ///< what was begun in an earlier life ends with it
  std::uint64_t armed_us_ = 0;
};

} // namespace present::simulation
