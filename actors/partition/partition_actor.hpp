#pragma once

#include "actors/link/link_contract.hpp"
#include "actors/membership/membership_contract.hpp"
#include "actors/partition/conflict_counters.hpp"
#include "actors/partition/partition_contract.hpp"
#include "actors/partition/replica.hpp"
#include "actors/partition/request_traces.hpp"
#include "actors/router/router_contract.hpp"
#include "actors/transaction/coordinator_contract.hpp"
#include "actors/transaction/marks.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"
#include "storage/state_home.hpp"

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace present {

/// What a replica is built from, again at each restart: nothing here holds
/// state.
struct partition_setup {
  partition::settings machine;
  raft::raft_settings raft;
  store_id store; ///< whose data these are (P19)
  partition::store_life life{1, 0};
  /// Who the members are if nothing was ever in the log; empty: whoever leads will
  /// say so.
  raft::configuration founders;
  std::shared_ptr<storage::state_home> home;
  std::shared_ptr<supervision::address_book> addresses;
  std::shared_ptr<const conflict_counters> conflicts; ///< null: nobody counts
};

/// The shell around `replica`: turns mail into its events and carries its effects
/// out, in the order given.
///
///   sessions, links, journal, checkpointer, timer ─▶ replica
///   replica ─▶ journal, links, checkpointer, sessions, router
///
/// When journal or checkpointer end, the tree stops all that depends on them and starts
/// it again behind them. A replica that notices first rests until then: a crash of its
/// own would come to nothing and use up the restarts of its supervisor.
class partition_shell final : public supervision::measured_actor<partition_actor> {
public:
  partition_shell(caf::actor_config& config, partition_setup setup);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void recover_log();
  void open_state(raft::recovered_state found);
  void become_running(raft::recovered_state found, storage::opened_state opened);
  void begin_scrub(bool checked);
  void become_resting(const std::string& why);

  /// What was heard is carried out when the replica settles.
  void hear(partition::replica_event_kind what);
  void settle();
  void tell(partition::replica_event_kind what);
  void tell_router();
  void hand_over_transactions();
  void end_coordination();

  void on_part_read(snapshot_part_read& what);
  void on_part_taken(snapshot_part_taken& what);
  void become_restored(result<state_backend_ptr> state);
  void on_verdict(const scrub_verdict& what);

  void perform(raft::send& what);
  void perform(partition::write_journal& what);
  void perform(raft::load_entries& what);
  void perform(partition::write_checkpoint& what);
  void perform(partition::read_snapshot_part& what);
  void perform(partition::release_snapshot& what);
  void perform(partition::take_snapshot_part& what);
  void perform(partition::replace_state& what);
  void perform(partition::condemn_state& what);
  void perform(partition::respond& what);
  void perform(partition::stage_reached& what) { traces_.on_stage(what, turn_began_ns_); }
  void perform(partition::tell_members& what);
  void perform(partition::coordinate& what);
  void perform(partition::drive_decision& what);
  void perform(partition::doubt_lock& what);
  void perform(partition::skew_seen& what);
  void perform(partition::disputes_changed& what);
  void perform(partition::witnesses_heard& what);
  void perform(partition::lapse_seen& what);
  void perform(raft::role_changed& what);
  void perform(raft::quorum_changed& what);
  void perform(raft::configuration_changed& what);
  void perform(raft::rebuild_needed& what);

  template <class Message>
  void send_to_journal(Message what);
  template <class Message>
  void send_to_checkpointer(Message what);

  partition_status status() const;

  struct asker {
    response_listener who;
    std::uint64_t tag = 0;
    transaction::steps_marked steps;
  };

  const partition_setup setup_;
  supervision::address<journal_actor> journal_;
  supervision::address<checkpoint_actor> checkpointer_;
  supervision::address<scrub_actor> scrubber_;
  supervision::address<router_actor> router_;
  supervision::address<membership_actor> membership_;
  supervision::address<coordinator_actor> coordinator_;
  caf::actor_addr watched_coordinator_; ///< who has transactions of ours in hand
  std::unordered_map<node_id, supervision::address<link_actor>> links_;

  std::vector<raft::witnessed> remembered_; ///< of the peers, by the last life
  std::weak_ptr<storage::state_backend> state_; ///< the replica's
  snapshot_shelf_ptr snapshots_;
  std::uint64_t snapshots_installed_ = 0; ///< since the start
  std::unique_ptr<partition::replica> replica_;
  partition::replica_effects heard_; ///< not yet carried out
  std::vector<transaction::to_coordinate> to_coordinate_; ///< of this turn
  term leads_in_;        ///< 0: it doesn't
  term leadership_over_; ///< in this turn; 0: none
  supervision::wake_timer<partition_wake> timer_;

  // What the router was told last.
  std::optional<node_id> told_leader_;
  std::optional<map_epoch> told_epoch_;

  bool journal_failed_ = false; ///< it ends, and this replica with it
  bool resting_ = false;        ///< does nothing any more

  std::unordered_map<partition::request_tag, asker> askers_;
  partition::request_traces traces_;
  std::uint64_t turn_began_ns_ = 0; ///< only while something is traced
  partition::request_tag last_tag_ = 0;
};

} // namespace present
