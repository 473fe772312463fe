#pragma once

#include "actors/link/link_contract.hpp"
#include "actors/partition/partition_contract.hpp"
#include "actors/partition/partition_machine.hpp"
#include "actors/raft/raft_machine.hpp"
#include "runtime/edge/clock.hpp"
#include "actors/router/router_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "storage/state_home.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

namespace present {

/// What a replica is built from, again at each restart: nothing here holds
/// state.
struct partition_setup {
  partition::settings machine;
  raft::raft_settings raft;
  store_id store; ///< whose data these are (P19)
  /// Who the members are if the log is empty: from `cluster init`.
  raft::configuration founders;
  std::shared_ptr<storage::state_home> home;
  std::shared_ptr<supervision::address_book> addresses;
};

/// The shell around `raft_machine` and `partition_machine`: turns mail into their
/// events and carries their effects out, each machine's in the order given.
///
///   mail ─▶ raft_machine ──apply──▶ partition_machine ──respond──▶ session
///              ▲  │ persist ▶ journal      │ propose, confirm_read
///              │  │ send ▶ links           │ checkpoint_due ▶ checkpointer
///              │  │ snapshots ▶ checkpointer
///              └──┴────────────────────────┘
class partition_shell final : public supervision::measured_actor<partition_actor> {
public:
  partition_shell(caf::actor_config& config, partition_setup setup);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  // starting
  void become_running(result<raft::recovered_state> found);

  // both machines' turn, until neither has anything more to say
  void tell_raft(raft::event_kind what);
  void tell_partition(partition::event_kind what);
  void settle();
  void arm_timer();

  // raft's effects
  void perform(raft::send& what);
  void perform(raft::persist& what);
  void perform(raft::apply& what);
  void perform(raft::proposal_accepted& what);
  void perform(raft::proposal_refused& what);
  void perform(raft::proposal_replaced& what);
  void perform(raft::proposal_unknown& what);
  void perform(raft::read_ready& what);
  void perform(raft::read_refused& what);
  void perform(raft::role_changed& what);
  void perform(raft::quorum_changed& what);
  void perform(raft::configuration_changed& what);
  void perform(raft::load_entries& what);
  void perform(raft::read_snapshot& what);
  void perform(raft::release_snapshot& what);
  void perform(raft::install_snapshot& what);
  void perform(raft::rebuild_needed& what);

  // the partition's effects
  void perform(partition::propose& what);
  void perform(partition::confirm_read& what);
  void perform(partition::respond& what);
  void perform(partition::checkpoint_due& what);

  void begin_checkpoint();
  void send_checkpoint();
  void on_checkpoint_done(const checkpoint_done& what);

  // snapshots, sent and received: partition_snapshots.cpp
  template <class Message>
  void send_to_checkpointer(Message what);
  void release_all_snapshots();
  void on_part_read(snapshot_part_read& what);
  void on_reread(const snapshot_reread& what);
  void on_part_taken(const snapshot_part_taken& what);
  void on_retake(const snapshot_retake& what);
  void begin_replacement();
  void become_restored(state_backend_ptr state);

  partition_status status() const;

  struct asker {
    response_listener who;
    std::uint64_t tag = 0;
  };

  void tell_router();
  template <class Message>
  void send_to_journal(Message what);

  const partition_setup setup_;
  supervision::address<journal_actor> journal_;
  supervision::address<checkpoint_actor> checkpointer_;
  supervision::address<router_actor> router_;
  std::unordered_map<node_id, supervision::address<link_actor>> links_;

  snapshot_shelf_ptr snapshots_;
  std::uint64_t snapshots_installed_ = 0; ///< since the start
  state_backend_ptr backend_;
  std::unique_ptr<storage::state> table_;
  storage::checkpoint_ptr checkpoint_; ///< on its way to the disk
  std::unique_ptr<partition::partition_machine> partition_;
  std::unique_ptr<raft::raft_machine> raft_;

  std::deque<raft::event_kind> raft_events_;
  std::deque<partition::event_kind> partition_events_;
  bool settling_ = false;
  std::optional<time_ms> armed_for_;

  // What the router was told last.
  std::optional<node_id> told_leader_;
  std::optional<map_epoch> told_epoch_;

  std::unordered_map<partition::request_tag, asker> askers_;
  partition::request_tag last_tag_ = 0;
};

} // namespace present
