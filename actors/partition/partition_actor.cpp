#include "actors/partition/partition_actor.hpp"

#include "actors/partition/entry_codec.hpp"
#include "actors/partition/log_recovery.hpp"
#include "actors/system_names.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

namespace present {

namespace {

constexpr auto checkpoint_pause = std::chrono::seconds(1);

partition::refusal_reason as_partition_sees(raft::refusal why) {
  switch (why) {
    case raft::refusal::overloaded:
    case raft::refusal::in_progress:
      return partition::refusal_reason::overloaded;
    case raft::refusal::disk_full:
      return partition::refusal_reason::disk_full;
    default:
      return partition::refusal_reason::not_leader;
  }
}

std::string_view name_of(raft::role_kind role) {
  switch (role) {
    case raft::role_kind::leader:
      return "leader";
    case raft::role_kind::candidate:
    case raft::role_kind::pre_candidate:
      return "candidate";
    default:
      return "follower";
  }
}

supervision::details details_of(const partition_status& seen) {
  return {{"leader", std::to_string(seen.leader.value)},
          {"term", std::to_string(seen.at_term.value)},
          {"commit", std::to_string(seen.commit.value)},
          {"applied", std::to_string(seen.applied.value)}};
}

} // namespace

partition_shell::partition_shell(caf::actor_config& config, partition_setup setup)
    : measured(config), setup_(std::move(setup)),
      journal_(setup_.addresses->address_of<journal_actor>(paths::journal)),
      checkpointer_(setup_.addresses->address_of<checkpoint_actor>(paths::checkpointer)),
      router_(setup_.addresses->address_of<router_actor>(paths::router)) {
}

void partition_shell::on_exit() {
  journal_ = {};
  checkpointer_ = {};
  router_ = {};
  links_.clear();
  askers_.clear();
  raft_.reset();
  partition_.reset();
  table_.reset();
  checkpoint_.reset();
  backend_.reset();
  snapshots_.reset();
}

auto partition_shell::make_behavior() -> behavior_type {
  defer_ready(); // until the disk has answered, nobody finds us
  if (!journal_.get())
    throw std::runtime_error("the journal is not running");
  // `await`: other mail waits until the disk has answered.
  request(journal_.get(), caf::infinite, journal_recover{setup_.machine.id})
    .await([this](journal_recovered& answer) { become_running(std::move(answer.found)); });
  describe_with([this] {
    if (!raft_)
      return supervision::details{};
    auto known = details_of(status());
    known.emplace_back("snapshots_installed", std::to_string(snapshots_installed_));
    return known;
  });
  return {
    [this](partition_request& what) {
      const auto tag = ++last_tag_;
      askers_.emplace(tag, asker{std::move(what.reply_to), what.tag});
      tell_partition(partition::arrived{tag, std::move(what.what)});
      settle();
    },
    [this](raft_mail& mail) {
      for (auto& message : mail.messages)
        tell_raft(raft::received{std::move(message)});
      settle();
    },
    [this](const peer_link_changed& what) {
      tell_raft(raft::link_changed{what.peer, what.up});
      settle();
    },
    [this](const journal_written& what) {
      tell_raft(raft::persisted{what.number});
      settle();
    },
    [this](const journal_failed& what) {
      log().error("the journal refused a write", {{"why", what.why.message}});
      tell_raft(raft::persist_failed{what.number, what.why.code == error_code::disk_full});
      settle();
    },
    [this](journal_loaded& what) {
      if (!what.entries)
        log().error("entries for a peer can't be read", {{"why", what.entries.problem().message}});
      tell_raft(raft::entries_loaded{what.for_peer, what.entries ? std::move(*what.entries)
                                                                 : std::vector<raft::entry>{}});
      settle();
    },
    [this](const checkpoint_done& what) {
      on_checkpoint_done(what);
      settle();
    },
    [this](checkpoint_retry) { send_checkpoint(); },
    [this](snapshot_part_read& what) { on_part_read(what); },
    [this](const snapshot_part_taken& what) { on_part_taken(what); },
    [this](const snapshot_reread& what) { on_reread(what); },
    [this](const snapshot_retake& what) { on_retake(what); },
    [this](map_learned& what) {
      tell_partition(partition::map_known{std::move(what.map)});
      settle();
    },
    [this](partition_wake) {
      armed_for_.reset();
      tell_raft(raft::time_passed{});
      tell_partition(partition::time_passed{});
      settle();
    },
    [this](ask_partition_status) { return status(); },
  };
}

/// From disk, never from memory: the state first, then the log behind it.
void partition_shell::become_running(result<raft::recovered_state> found) {
  if (!found)
    throw std::runtime_error("the journal can't be read: " + found.problem().message);
  auto opened = setup_.home->open();
  if (!opened)
    throw std::runtime_error("the state can't be opened: " + opened.problem().message);
  backend_ = std::move(*opened);
  snapshots_ = std::make_shared<storage::snapshot_shelf>(setup_.home, setup_.machine.id);
  const auto mark = backend_->applied();
  if (!mark)
    throw std::runtime_error("the state can't be read: " + mark.problem().message);
  if (found->snapshot.index.value == 0 && found->snapshot.members.voters.empty())
    found->snapshot.members = setup_.founders;
  partition::catch_up_log(*found, *mark);
  table_ = std::make_unique<storage::state>(*backend_);
  partition_ = std::make_unique<partition::partition_machine>(setup_.machine, *table_, *mark);
  raft_ = std::make_unique<raft::raft_machine>(setup_.machine.self, setup_.store, setup_.raft,
                                               *found, time().monotonic_ms());
  log().info("replica is running", {{"term", found->hard.current_term},
                                   {"applied", mark->index},
                                   {"entries", found->entries.size()}});
  tell_raft(raft::time_passed{});
  settle();
  if (const auto& router = router_.get())
    send(router, follow_map{setup_.machine.id});
  become_ready();
}

// -- the machines' turn ------------------------------------------------------------

void partition_shell::tell_raft(raft::event_kind what) {
  raft_events_.push_back(std::move(what));
}

void partition_shell::tell_partition(partition::event_kind what) {
  partition_events_.push_back(std::move(what));
}

/// The partition first: when raft hears that entries are applied, they are.
void partition_shell::settle() {
  for (;;) {
    const auto now = time().monotonic_ms();
    if (!partition_events_.empty()) {
      const partition::event input{now, time().wall_ms(),
                                   std::move(partition_events_.front())};
      partition_events_.pop_front();
      partition::effects out;
      partition_->step(input, out);
      // Before any answer leaves: a client that was told of its space and asks
      // for the map finds it there.
      tell_router();
      for (auto& effect : out)
        std::visit([this](auto& e) { perform(e); }, effect);
    } else if (!raft_events_.empty()) {
      const raft::event input{now, std::move(raft_events_.front())};
      raft_events_.pop_front();
      auto out = raft_->step(input);
      for (auto& effect : out)
        std::visit([this](auto& e) { perform(e); }, effect);
    } else {
      break;
    }
  }
  tell_router();
  arm_timer();
}

/// What clients' maps need to know of this partition, when it has changed.
void partition_shell::tell_router() {
  auto leader = raft_->leader_known();
  if (leader == setup_.machine.self && !partition_->leads())
    leader = {};
  const auto epoch = partition_->epoch();
  if (told_leader_ == leader && told_epoch_ == epoch)
    return;
  const auto& router = router_.get();
  if (!router)
    return;
  if (const auto root = partition_->root_map(); root && root->epoch.value != 0 && told_epoch_ != epoch)
    send(router, map_learned{root});
  send(router, leader_known{setup_.machine.id, leader});
  told_leader_ = leader;
  told_epoch_ = epoch;
}

/// One timer for both machines. One that comes too early is harmless, so a later
/// wish never cancels it.
void partition_shell::arm_timer() {
  auto wanted = raft_->next_wake();
  if (const auto other = partition_->next_wake())
    wanted = wanted ? std::min(*wanted, *other) : *other;
  if (!wanted || (armed_for_ && *armed_for_ <= *wanted))
    return;
  armed_for_ = wanted;
  const auto now = time().monotonic_ms();
  const auto wait = *wanted > now ? *wanted - now : 0;
  delayed_send(this, std::chrono::milliseconds(wait), partition_wake{});
}

/// The tree starts the journal first and restarts all that depend on it with it,
/// so a replica without one is about to be stopped.
template <class Message>
void partition_shell::send_to_journal(Message what) {
  if (const auto& to = journal_.get())
    send(to, std::move(what));
}

// -- raft's effects ----------------------------------------------------------------

void partition_shell::perform(raft::send& what) {
  auto& link = links_[what.what.to];
  if (!link.get())
    link = setup_.addresses->address_of<link_actor>(paths::link(what.what.to));
  if (const auto& to = link.get())
    send(to, link_send{setup_.machine.id, std::move(what.what)});
}

void partition_shell::perform(raft::persist& what) {
  storage::journal_write write;
  write.partition = setup_.machine.id;
  write.hard = what.hard;
  write.entries = std::move(what.entries);
  write.base = std::move(what.base);
  write.drop_tail = what.drop_tail;
  write.number = what.number;
  write.follows = what.follows;
  send_to_journal(journal_append{std::move(write), caf::actor_cast<journal_listener>(this)});
}

void partition_shell::perform(raft::apply& what) {
  for (auto& entry : what.entries) {
    std::shared_ptr<const entry_batch> batch;
    if (entry.kind == raft::entry_kind::command) {
      auto decoded = decode_entry(*entry.payload);
      check(bool{decoded}, decoded ? "" : decoded.problem().message);
      batch = std::make_shared<const entry_batch>(std::move(*decoded));
    }
    tell_partition(partition::committed{entry.index, entry.at_term, std::move(batch)});
  }
  tell_raft(raft::applied{what.entries.back().index});
}

void partition_shell::perform(raft::proposal_accepted& what) {
  tell_partition(partition::proposal_placed{what.id, what.index, what.at_term});
}

void partition_shell::perform(raft::proposal_refused& what) {
  tell_partition(partition::proposal_refused{what.id, as_partition_sees(what.why)});
}

void partition_shell::perform(raft::proposal_replaced& what) {
  tell_partition(partition::proposal_replaced{what.id});
}

void partition_shell::perform(raft::proposal_unknown& what) {
  tell_partition(partition::proposal_lost{what.id});
}

void partition_shell::perform(raft::read_ready& what) {
  tell_partition(partition::read_confirmed{what.id, what.index});
}

void partition_shell::perform(raft::read_refused& what) {
  tell_partition(partition::read_refused{what.id});
}

void partition_shell::perform(raft::role_changed& what) {
  log().info("role", {{"role", name_of(what.role)},
                     {"term", what.at_term},
                     {"leader", what.leader}});
  if (what.role != raft::role_kind::leader)
    release_all_snapshots();
  tell_partition(partition::role_known{what.role == raft::role_kind::leader, what.at_term,
                                       what.leader});
}

void partition_shell::perform(raft::quorum_changed& what) {
  if (!what.has_quorum)
    log().warning("no quorum: this replica has fenced itself");
  tell_partition(partition::quorum_known{what.has_quorum});
}

void partition_shell::perform(raft::configuration_changed& what) {
  log().info("members", {{"voters", what.members.voters.size()},
                        {"learners", what.members.learners.size()},
                        {"committed", what.committed}});
}

void partition_shell::perform(raft::load_entries& what) {
  send_to_journal(journal_load{setup_.machine.id, what.for_peer, what.first, what.max_bytes,
                               caf::actor_cast<journal_listener>(this)});
}

void partition_shell::perform(raft::rebuild_needed&) {
  throw std::runtime_error("a write failed: the replica is rebuilt from its disk (rule 12)");
}

// -- the partition's effects -------------------------------------------------------

void partition_shell::perform(partition::propose& what) {
  tell_raft(raft::propose{what.ticket, encode_entry(*what.batch)});
}

void partition_shell::perform(partition::confirm_read& what) {
  tell_raft(raft::read_request{what.ticket});
}

void partition_shell::perform(partition::respond& what) {
  const auto found = askers_.find(what.tag);
  check(found != askers_.end(), "I4: a response to nobody");
  send(found->second.who, partition_response{found->second.tag, std::move(what.what)});
  askers_.erase(found);
}

void partition_shell::perform(partition::checkpoint_due&) {
  if (!table_->is_frozen())
    begin_checkpoint();
}

void partition_shell::begin_checkpoint() {
  partition_->write_back();
  auto frozen = table_->freeze(raft_->log().mark_at(partition_->applied()));
  check(bool{frozen}, "S3: a second frozen table");
  checkpoint_ = std::move(*frozen);
  send_checkpoint();
}

void partition_shell::send_checkpoint() {
  if (!checkpoint_)
    return; // a snapshot took the state's place meanwhile
  if (const auto& to = checkpointer_.get())
    send(to, checkpoint_write{checkpoint_, backend_,
                              caf::actor_cast<checkpoint_listener>(this)});
  else
    delayed_send(this, checkpoint_pause, checkpoint_retry{});
}

/// The log goes only behind what is durable; until then it and the frozen table
/// are kept, and the write is tried again (a full disk may have room by then).
void partition_shell::on_checkpoint_done(const checkpoint_done& what) {
  if (!checkpoint_ || what.mark.index != checkpoint_->mark.index)
    return; // a repeated write of one that is done
  if (!what.how) {
    log().error("the checkpoint failed; it is tried again",
                {{"why", what.how.problem().message}});
    delayed_send(this, checkpoint_pause, checkpoint_retry{});
    return;
  }
  checkpoint_.reset();
  table_->release_frozen();
  tell_raft(raft::compacted{what.mark});
  if (table_->active_bytes() >= setup_.machine.checkpoint_bytes)
    begin_checkpoint();
}

// -- what operators see ------------------------------------------------------------

partition_status partition_shell::status() const {
  partition_status seen;
  seen.id = setup_.machine.id;
  seen.self = setup_.machine.self;
  seen.leader = raft_->leader_known();
  seen.at_term = raft_->current_term();
  seen.commit = raft_->commit();
  seen.applied = partition_->applied();
  // A follower that hears a leader is part of a quorum as well.
  seen.has_quorum = raft_->has_quorum() || (raft_->role() == raft::role_kind::follower
                                            && seen.leader.value != 0);
  seen.replicas.push_back({setup_.machine.self, std::string{name_of(raft_->role())}, 0});
  const auto last = raft_->log().last();
  std::uint32_t voters_up = 1;
  for (const auto& peer : raft_->peers()) {
    const auto lag = last.value - std::min(last.value, peer.matched.value);
    const auto* state = !peer.reachable ? "unreachable" : peer.voter ? "follower" : "learner";
    seen.replicas.push_back({peer.node, state, lag});
    voters_up += peer.voter && peer.reachable ? 1 : 0;
  }
  const auto majority = static_cast<std::uint32_t>(raft_->members().voters.size() / 2 + 1);
  seen.failures_tolerated = voters_up > majority ? voters_up - majority : 0;
  return seen;
}

} // namespace present
