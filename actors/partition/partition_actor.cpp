#include "actors/partition/partition_actor.hpp"

#include "actors/partition/sound_state.hpp"
#include "actors/system_names.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/joined.hpp"

#include <algorithm>

namespace present {

namespace {

std::string_view sentence_of(partition::lapse sign) {
  switch (sign) {
    case partition::lapse::none:
      return "none";
    case partition::lapse::opening:
      return "it has been opened since these files were";
    case partition::lapse::term:
      return "it has spoken in a later term";
    case partition::lapse::log:
      return "it has acknowledged more of the log";
  }
  return "unknown";
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

/// As in "1, 2, 5".
std::string numbers_of(const std::vector<node_id>& nodes) {
  std::vector<std::string> numbers;
  for (const auto node : nodes)
    numbers.push_back(std::to_string(node.value));
  return joined(numbers);
}

} // namespace

partition_shell::partition_shell(caf::actor_config& config, partition_setup setup)
    : measured(config), setup_(std::move(setup)),
      journal_(setup_.addresses->address_of<journal_actor>(paths::journal)),
      checkpointer_(setup_.addresses->address_of<checkpoint_actor>(paths::checkpointer)),
      scrubber_(setup_.addresses->address_of<scrub_actor>(paths::scrubber)),
      router_(setup_.addresses->address_of<router_actor>(paths::router)),
      membership_(setup_.addresses->address_of<membership_actor>(paths::membership)),
      coordinator_(setup_.addresses->address_of<coordinator_actor>(paths::coordinator)),
      traces_(tracer()) {
}

void partition_shell::on_exit() {
  if (const auto& to = scrubber_.get())
    send(to, scrub_end{setup_.machine.id});
  journal_ = {};
  checkpointer_ = {};
  scrubber_ = {};
  router_ = {};
  membership_ = {};
  coordinator_ = {};
  links_.clear();
  askers_.clear();
  heard_.clear();
  to_coordinate_.clear();
  replica_.reset();
  snapshots_.reset();
}

auto partition_shell::make_behavior() -> behavior_type {
  defer_ready(); // until the disk has answered, nobody finds us
  set_down_handler([this](const caf::down_msg& down) {
    if (down.source == watched_coordinator_)
      tell(partition::coordinator_gone{});
  });
  recover_log();
  describe_with([this] {
    if (!replica_)
      return supervision::details{};
    auto known = details_of(status());
    known.emplace_back("snapshots_installed", std::to_string(snapshots_installed_));
    return known;
  });
  return {
    [this](partition_request& what) {
      const auto tag = ++last_tag_;
      const auto steps = transaction::steps_marked::of(what.what->operations);
      steps.reach(transaction::mark_at::arrived);
      askers_.emplace(tag, asker{std::move(what.reply_to), what.tag, steps});
      const bool is_traced = traces_.begin(tag, what.trace, setup_.machine.id, *what.what);
      tell(partition::arrived{tag, std::move(what.what), is_traced, what.only_in});
    },
    [this](raft_mail& mail) {
      for (auto& message : mail.messages)
        hear(raft::received{std::move(message)});
      settle();
    },
    [this](const peer_link_changed& what) { tell(raft::link_changed{what.peer, what.up}); },
    [this](const journal_written& what) {
      traces_.on_written(what.number);
      tell(raft::persisted{what.number});
    },
    [this](const journal_failed& what) {
      log().error("the journal refused a write", {{"why", what.why.message}});
      journal_failed_ = what.why.code != error_code::disk_full;
      tell(raft::persist_failed{what.number, what.why.code == error_code::disk_full});
    },
    [this](journal_loaded& what) {
      if (!what.entries)
        log().error("entries for a peer can't be read", {{"why", what.entries.problem().message}});
      tell(raft::entries_loaded{what.for_peer, what.entries ? std::move(*what.entries)
                                                            : std::vector<raft::entry>{}});
    },
    [this](checkpoint_done& what) {
      if (!what.how)
        log().error("the checkpoint failed", {{"why", what.how.problem().message}});
      tell(std::move(what));
    },
    [this](snapshot_part_read& what) { on_part_read(what); },
    [this](snapshot_part_taken& what) { on_part_taken(what); },
    [this](map_learned& what) { tell(partition::map_known{std::move(what.map)}); },
    [this](const scrub_verdict& what) { on_verdict(what); },
    [this](transactions_answered& what) {
      for (auto& one : what.what)
        hear(partition::coordinated{one.tag, one.place, what.at_term, std::move(one.what)});
      settle();
    },
    [this](partition_wake) {
      timer_.on_wake();
      tell(partition::time_passed{});
    },
    [this](ask_partition_status) { return status(); },
  };
}

/// `await`: other mail waits until the disk has answered.
void partition_shell::recover_log() {
  const auto& journal = journal_.get();
  if (!journal)
    return become_resting("the journal is not running");
  request(journal, caf::infinite, journal_recover{setup_.machine.id})
    .await(
      [this](journal_recovered& answer) {
        if (!answer.found)
          throw std::runtime_error("the journal can't be read: "
                                   + answer.found.problem().message);
        remembered_ = std::move(answer.witnesses);
        open_state(std::move(*answer.found));
      },
      [this](const caf::error&) { become_resting("the journal went"); });
}

/// On the checkpointer's thread, behind whatever the last life had under way there.
void partition_shell::open_state(raft::recovered_state found) {
  const auto& checkpointer = checkpointer_.get();
  if (!checkpointer)
    return become_resting("the checkpointer is not running");
  request(checkpointer, caf::infinite, state_open{setup_.home})
    .await(
      [this, found = std::move(found)](state_opened& answer) mutable {
        if (!answer.found)
          throw std::runtime_error("the state can't be opened: "
                                   + answer.found.problem().message);
        become_running(std::move(found), std::move(*answer.found));
      },
      [this](const caf::error&) { become_resting("the checkpointer went"); });
}

/// Until the tree stops us; mail is not looked at any more.
void partition_shell::become_resting(const std::string& why) {
  resting_ = true;
  log().warning("waits to be started anew with the rest of the node", {{"why", why}});
}

/// From disk, never from memory.
void partition_shell::become_running(raft::recovered_state found,
                                     storage::opened_state opened) {
  if (opened.set_aside)
    log().error("the state is set aside; the peers have what it held",
                {{"why", opened.set_aside->message}});
  if (found.promised != raft::log_position{})
    log().warning("the log is shorter than what this replica acknowledged; the peers have "
                  "the rest",
                  {{"promised", found.promised.index}});
  snapshots_ = std::make_shared<storage::snapshot_shelf>(setup_.home, setup_.machine.id);
  state_ = opened.state;
  const auto entries = found.entries.size();
  try {
    replica_ = std::make_unique<partition::replica>(
      partition::replica_settings{setup_.machine, setup_.raft, setup_.store,
                                  std::move(remembered_), setup_.life, setup_.founders},
      std::move(found), std::move(opened.state), opened.mark, time().monotonic_ms());
  } catch (const partition::state_damaged& why) {
    setup_.home->condemn();
    throw std::runtime_error(std::string{"the state is damaged: "} + why.what());
  }
  log().info("replica is running", {{"term", replica_->raft().current_term()},
                                   {"applied", opened.mark.index},
                                   {"entries", entries},
                                   {"state", replica_->raft().lacks_state() ? "missing"
                                                                            : "there"}});
  begin_scrub(opened.mark.index == log_index{});
  tell(partition::time_passed{});
  if (const auto& router = router_.get())
    send(router, follow_map{setup_.machine.id, caf::actor_cast<map_listener>(this)});
  become_ready();
}

/// Checked: the state was read back just now, or holds nothing.
void partition_shell::begin_scrub(bool checked) {
  if (const auto& to = scrubber_.get())
    send(to, scrub_begin{setup_.machine.id, state_, checked,
                         caf::actor_cast<scrub_listener>(this)});
}

void partition_shell::on_verdict(const scrub_verdict& what) {
  if (what.what == scrub::finding::sound)
    return tell(raft::state_checked{});
  log().error("what is on the disk is damaged", {{"why", what.why}});
  tell(partition::damage_reported{what.what == scrub::finding::damaged_state});
}

// -- the replica's turns -------------------------------------------------------------

void partition_shell::hear(partition::replica_event_kind what) {
  if (!resting_)
    replica_->hear({time().monotonic_ms(), time().wall_ms(), std::move(what)}, heard_);
}

void partition_shell::settle() {
  if (resting_)
    return;
  do {
    // Before any answer leaves: a client that was told of its space and asks for
    // the map finds it there.
    tell_router();
    auto wanted = std::exchange(heard_, {});
    for (auto& effect : wanted)
      std::visit([this](auto& e) { perform(e); }, effect);
    hand_over_transactions();
    end_coordination();
    if (!traces_.is_empty())
      turn_began_ns_ = time().monotonic_ns();
  } while (!resting_ && (replica_->turn(heard_) || !heard_.empty()));
  timer_.arm(*this, time(), replica_->next_wake());
}

void partition_shell::tell(partition::replica_event_kind what) {
  hear(std::move(what));
  settle();
}

/// What clients' maps need to know of this partition, when it has changed.
void partition_shell::tell_router() {
  const auto& partition = replica_->partition();
  auto leader = replica_->raft().leader_known();
  if (leader == setup_.machine.self && !partition.leads())
    leader = {};
  const auto epoch = partition.epoch();
  if (told_leader_ == leader && told_epoch_ == epoch)
    return;
  const auto& router = router_.get();
  if (!router)
    return;
  const auto root = partition.root_map();
  if (root && root->epoch.value != 0 && told_epoch_ != epoch) {
    send(router, map_learned{root});
    if (const auto& membership = membership_.get())
      send(membership, map_learned{root});
  }
  send(router, leader_known{setup_.machine.id, leader});
  told_leader_ = leader;
  told_epoch_ = epoch;
}

// -- journal, links and sessions -----------------------------------------------------

/// The tree starts the journal first and restarts all that depend on it with it,
/// so a replica without one is about to be stopped.
template <class Message>
void partition_shell::send_to_journal(Message what) {
  if (const auto& to = journal_.get())
    send(to, std::move(what));
}

void partition_shell::perform(partition::write_journal& what) {
  traces_.on_write_sent(what.what.number);
  send_to_journal(
    journal_append{std::move(what.what), caf::actor_cast<journal_listener>(this)});
}

void partition_shell::perform(raft::load_entries& what) {
  send_to_journal(journal_load{setup_.machine.id, what.for_peer, what.first, what.max_bytes,
                               caf::actor_cast<journal_listener>(this)});
}

void partition_shell::perform(raft::send& what) {
  auto& link = links_[what.what.to];
  if (!link.get())
    link = setup_.addresses->address_of<link_actor>(paths::link(what.what.to));
  if (const auto& to = link.get())
    send(to, link_send{setup_.machine.id, std::move(what.what)});
}

void partition_shell::perform(partition::respond& what) {
  const auto found = askers_.find(what.tag);
  check(found != askers_.end(), "I4: a response to nobody");
  found->second.steps.reach(transaction::mark_at::answered);
  traces_.end(what.tag, *what.what);
  if (setup_.conflicts)
    setup_.conflicts->count(*what.what);
  send(found->second.who, partition_response{found->second.tag, std::move(what.what)});
  askers_.erase(found);
}

void partition_shell::perform(partition::coordinate& what) {
  to_coordinate_.push_back(
    {{setup_.machine.id, what.at_term}, std::move(*what.plan), {what.tag, what.place}});
}

void partition_shell::perform(partition::drive_decision& what) {
  to_coordinate_.push_back({{setup_.machine.id, what.at_term},
                            transaction::drive{what.terms, std::move(what.decision)},
                            {}});
}

void partition_shell::perform(partition::doubt_lock& what) {
  to_coordinate_.push_back(
    {{setup_.machine.id, what.at_term}, transaction::doubt{what.terms, what.here}, {}});
}

/// Those of one turn together. Without a coordinator the client asks again: nothing was
/// begun; and what was left is found again.
void partition_shell::hand_over_transactions() {
  if (to_coordinate_.empty())
    return;
  auto handed = std::exchange(to_coordinate_, {});
  if (const auto& to = coordinator_.get()) {
    if (watched_coordinator_ != to.address()) {
      watched_coordinator_ = to.address();
      monitor(to);
    }
    return send(to, coordinate_transactions{std::move(handed)});
  }
  for (const auto& each : handed) {
    if (!std::holds_alternative<transaction::begun>(each.what))
      continue;
    present::answer said;
    said.code = error_code::overloaded;
    said.known = outcome::not_applied;
    said.message = "this node's coordinator of transactions starts";
    hear(partition::coordinated{each.who.tag, each.who.place, each.from.at_term,
                                std::move(said)});
  }
}

/// After what was handed over in the same turn.
void partition_shell::end_coordination() {
  const auto over = std::exchange(leadership_over_, {});
  if (over != term{})
    if (const auto& to = coordinator_.get())
      send(to, coordination_over{{setup_.machine.id, over}});
}

void partition_shell::perform(raft::rebuild_needed&) {
  if (journal_failed_)
    return become_resting("a write to the journal failed");
  throw std::runtime_error("the replica is rebuilt from what its disk proves to hold (rule 12)");
}

// -- checkpoints and snapshots, on the checkpointer's thread -------------------------

/// As for the journal.
template <class Message>
void partition_shell::send_to_checkpointer(Message what) {
  if (const auto& to = checkpointer_.get())
    send(to, std::move(what));
}

void partition_shell::perform(partition::write_checkpoint& what) {
  send_to_checkpointer(checkpoint_write{std::move(what.what), std::move(what.into),
                                        caf::actor_cast<checkpoint_listener>(this)});
}

void partition_shell::perform(partition::read_snapshot_part& what) {
  send_to_checkpointer(snapshot_read_part{snapshots_, std::move(what.from), what.for_peer,
                                          what.offset, what.digest, what.at_least,
                                          caf::actor_cast<checkpoint_listener>(this)});
}

void partition_shell::on_part_read(snapshot_part_read& what) {
  if (!what.part)
    log().error("a snapshot for a peer can't be read; it is tried again",
                {{"peer", what.for_peer}, {"why", what.part.problem().message}});
  tell(std::move(what));
}

void partition_shell::perform(partition::release_snapshot& what) {
  send_to_checkpointer(snapshot_release{snapshots_, what.peer});
}

void partition_shell::perform(partition::take_snapshot_part& what) {
  send_to_checkpointer(snapshot_take_part{snapshots_, std::move(what.what),
                                          caf::actor_cast<checkpoint_listener>(this)});
}

void partition_shell::on_part_taken(snapshot_part_taken& what) {
  if (!what.how)
    log().error("an arriving snapshot failed; it starts over",
                {{"index", what.mark.index}, {"why", what.how.problem().message}});
  tell(std::move(what));
}

void partition_shell::perform(partition::condemn_state& what) {
  log().error("the state is damaged, and is set aside", {{"why", *what.why}});
  setup_.home->condemn();
}

/// `await`: other mail waits until there is a state again (R3), which takes a rename
/// and whatever the checkpointer has under way.
void partition_shell::perform(partition::replace_state&) {
  if (const auto& to = scrubber_.get())
    send(to, scrub_end{setup_.machine.id});
  const auto& checkpointer = checkpointer_.get();
  if (!checkpointer)
    return become_resting("the checkpointer is not running");
  request(checkpointer, caf::infinite, snapshot_replace{snapshots_})
    .await([this](snapshot_replaced& done) { become_restored(std::move(done.state)); },
           [this](const caf::error&) {
             become_resting("the checkpointer went while a snapshot was installed");
           });
}

void partition_shell::become_restored(result<state_backend_ptr> state) {
  if (!state)
    throw std::runtime_error("a snapshot could not be installed: " + state.problem().message);
  ++snapshots_installed_;
  state_ = *state;
  begin_scrub(true);
  tell(partition::state_replaced{std::move(*state)});
  log().info("a snapshot is installed", {{"applied", replica_->partition().applied()}});
}

// -- what raft says to whoever watches -----------------------------------------------

void partition_shell::perform(raft::role_changed& what) {
  log().info("role", {{"role", name_of(what.role)},
                     {"term", what.at_term},
                     {"leader", what.leader}});
  const auto leads = what.role == raft::role_kind::leader ? what.at_term : term{};
  if (leads_in_ != leads && leads_in_ != term{})
    leadership_over_ = leads_in_;
  leads_in_ = leads;
}

void partition_shell::perform(raft::quorum_changed& what) {
  if (!what.has_quorum)
    log().warning("no quorum: this replica has fenced itself");
}

void partition_shell::perform(raft::configuration_changed& what) {
  const auto& members = what.members;
  log().info("members", {{"voters", numbers_of(members.voters)},
                        {"outgoing", numbers_of(members.outgoing)},
                        {"learners", numbers_of(members.learners)},
                        {"committed", what.committed}});
}

void partition_shell::perform(partition::skew_seen& what) {
  log().error("a leader's clock is too far ahead: its entries are not taken",
              {{"leader", what.leader}, {"ahead_ms", what.ahead_ms}});
}

void partition_shell::perform(partition::disputes_changed& what) {
  if (what.buckets == 0)
    log().info("a majority of the replicas agrees again", {{"marker", what.marker}});
  else
    log().error("needs governance: the replicas disagree, and none of them has a majority; "
                "what is in these buckets of keys is refused",
                {{"marker", what.marker}, {"buckets", what.buckets}});
}

void partition_shell::perform(partition::witnesses_heard& what) {
  const auto& found = what.what;
  if (found.sign != partition::lapse::none)
    log().error("this store has gone back: old files, it seems. The replica votes for none that "
                "lacks what it may have lost, and leads again when its log has that",
                {{"by", found.by}, {"sign", sentence_of(found.sign)},
                 {"reached", found.reached.index}});
  for (const auto peer : found.silent)
    log().warning("a voter did not say what it remembers of this store, and is not waited for",
                  {{"peer", peer}});
}

void partition_shell::perform(partition::lapse_seen& what) {
  log().error("a peer's store has gone back: old files, it seems",
              {{"peer", what.peer}, {"sign", sentence_of(what.sign)}});
}

void partition_shell::perform(partition::tell_members& what) {
  if (const auto& membership = membership_.get())
    send(membership, members_told{std::move(what.what)});
}

// -- what operators see ------------------------------------------------------------

partition_status partition_shell::status() const {
  if (!replica_)
    return {.id = setup_.machine.id, .self = setup_.machine.self};
  const auto& raft = replica_->raft();
  partition_status seen;
  seen.id = setup_.machine.id;
  seen.self = setup_.machine.self;
  seen.leader = raft.leader_known();
  seen.at_term = raft.current_term();
  seen.commit = raft.commit();
  seen.applied = replica_->partition().applied();
  seen.disputed_buckets
    = static_cast<std::uint32_t>(replica_->partition().disputed_buckets());
  // A follower that hears a leader is part of a quorum as well.
  seen.has_quorum = raft.has_quorum() || (raft.role() == raft::role_kind::follower
                                            && seen.leader.value != 0);
  seen.replicas.push_back(
    {setup_.machine.self,
     std::string{raft.lacks_state()      ? "repairing"
                 : raft.has_gone_back()  ? "went_back"
                 : raft.waits_for_room() ? "disk_full"
                                         : name_of(raft.role())},
     0});
  const auto last = raft.log().last();
  std::uint32_t voters_up = 1;
  for (const auto& peer : raft.peers()) {
    const auto lag = last.value - std::min(last.value, peer.matched.value);
    const auto* state = !peer.reachable                  ? "unreachable"
                        : peer.lacks_state               ? "repairing"
                        : replica_->has_gone_back(peer)  ? "went_back"
                        : peer.voter                     ? "follower"
                                                         : "learner";
    seen.replicas.push_back({peer.node, state, lag});
    voters_up += peer.voter && peer.reachable ? 1 : 0;
  }
  const auto majority = static_cast<std::uint32_t>(raft.members().voters.size() / 2 + 1);
  seen.failures_tolerated = voters_up > majority ? voters_up - majority : 0;
  return seen;
}

} // namespace present
