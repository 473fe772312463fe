#include "actors/membership/membership_actor.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/system_names.hpp"

namespace present {

namespace {

constexpr auto removal_pause = std::chrono::seconds(1);
constexpr std::uint32_t root_patience_ms = 5'000;

} // namespace

membership_shell::membership_shell(caf::actor_config& config, membership_parts parts)
    : measured(config), parts_(std::move(parts)),
      journal_(parts_.addresses->address_of<journal_actor>(paths::journal)),
      router_(parts_.addresses->address_of<router_actor>(paths::router)),
      client_(parts_.addresses->address_of<client::client_actor>(paths::client)),
      links_(parts_.addresses->address_of<supervision::supervisor_handle>(paths::links)),
      partitions_(
        parts_.addresses->address_of<supervision::supervisor_handle>(paths::partitions)),
      machine_(parts_.machine) {
}

void membership_shell::on_exit() {
  journal_ = {};
  router_ = {};
  client_ = {};
  links_ = {};
  partitions_ = {};
  up_.clear();
  askers_.clear();
}

auto membership_shell::make_behavior() -> behavior_type {
  defer_ready(); // until the disk has answered
  request(journal(), caf::infinite, journal_read_map{})
    .await([this](const journal_map& stored) { become_running(stored); });
  describe_with([this] {
    const auto& map = machine_.map();
    return supervision::details{{"epoch", std::to_string(map ? map->epoch.value : 0)},
                                {"stranger", machine_.is_stranger() ? "yes" : "no"}};
  });
  return {
    [this](map_learned& what) { step(membership::map_heard{std::move(what.map)}); },
    [this](found_cluster& what) {
      const auto asker = ++last_asker_;
      askers_.emplace(asker, std::move(what.route));
      step(membership::found_asked{asker, std::move(what.map)});
    },
    [this](map_offered& what) { step(membership::map_heard{std::move(what.map)}); },
    [this](const peer_reached& what) {
      up_[what.peer] = caf::actor_cast<link_actor>(current_sender());
      step(membership::peer_up{what.peer, what.store});
    },
    [this](const peer_lost& what) {
      up_.erase(what.peer);
      step(membership::peer_down{what.peer});
    },
    [this](members_told& what) { step(membership::members_known{std::move(what.what)}); },
    [this](membership_wake) {
      timer_.on_wake();
      step(membership::time_passed{});
    },
    [this](const removal_retry& what) { remove_data(what.what); },
  };
}

/// The tree restarts all that depend on the journal with it, so whoever finds none is
/// about to be stopped.
const journal_actor& membership_shell::journal() {
  const auto& known = journal_.get();
  if (!known)
    throw std::runtime_error("the journal is not running");
  return known;
}

/// A map that can't be read is as good as none: the peers have it. What this node
/// keeps of partitions is left alone until then.
void membership_shell::become_running(const journal_map& stored) {
  auto on_disk = parts_.partitions_on_disk();
  if (!on_disk)
    throw std::runtime_error(on_disk.problem().message);
  cluster_map_ptr map;
  if (!stored.bytes) {
    log().error("the cluster's map can't be read", {{"why", stored.bytes.problem().message}});
  } else if (*stored.bytes) {
    auto decoded = decode_map(**stored.bytes);
    if (decoded)
      map = std::make_shared<const cluster_map>(std::move(*decoded));
    else
      log().error("the cluster's map can't be read", {{"why", decoded.problem().message}});
  }
  if (!map)
    log().info("waiting for a cluster: `present cluster init` or `cluster join`");
  step(membership::started{std::move(map), std::move(*on_disk)});
  become_ready();
}

void membership_shell::step(membership::event_kind what) {
  const auto now = time().monotonic_ms();
  membership::effects out;
  machine_.step({now, std::move(what)}, out);
  for (const auto& effect : out)
    std::visit([this](const auto& e) { perform(e); }, effect);
  timer_.arm(*this, time(), machine_.next_wake());
}

// -- effects -----------------------------------------------------------------------

void membership_shell::perform(const membership::store_map& what) {
  request(journal(), caf::infinite, journal_write_map{encode_map(*what.map)})
    .then([this, epoch = what.map->epoch](const journal_done& done) {
      if (done.how) {
        step(membership::map_stored{epoch});
        return;
      }
      log().error("the cluster's map can't be stored", {{"why", done.how.problem().message}});
      step(membership::map_failed{done.how.problem()});
    });
}

void membership_shell::perform(const membership::publish_map& what) {
  if (machine_.is_stranger())
    log().error("the cluster knows this node with other data: waiting to be let in again",
                {{"store", parts_.machine.store}});
  if (const auto& router = router_.get())
    send(router, map_learned{what.map});
}

void membership_shell::perform(const membership::start_link& what) {
  // A link that is left of this actor's former life has said what it knows to that one.
  start_under(links_, parts_.link_spec(what.peer, what.address), [this, peer = what.peer] {
    auto link = parts_.addresses->address_of<link_actor>(paths::link(peer));
    if (const auto& to = link.get())
      send(to, link_ask{});
  });
}

void membership_shell::perform(const membership::stop_link& what) {
  up_.erase(what.peer);
  stop_under(links_, std::to_string(what.peer.value), [] {});
}

void membership_shell::perform(const membership::start_replica& what) {
  start_under(partitions_, parts_.replica_spec(what));
}

void membership_shell::perform(const membership::stop_replica& what) {
  stop_under(partitions_, std::to_string(what.partition.value), [] {});
}

void membership_shell::perform(const membership::drop_replica& what) {
  log().info("this node does not keep the partition any more", {{"partition", what.partition}});
  stop_under(partitions_, std::to_string(what.partition.value),
             [this, what] { remove_data(what); });
}

void membership_shell::perform(const membership::offer_map& what) {
  if (!what.map)
    return;
  const auto link = up_.find(what.peer);
  if (link != up_.end() && link->second)
    send(link->second, link_offer{what.map});
}

void membership_shell::perform(const membership::ask_root& what) {
  const auto& client = client_.get();
  if (!client)
    return; // asked for again
  client::timed_call call;
  std::visit([&](const auto& asked) { call.what = asked; }, what.what);
  call.deadline_ms = root_patience_ms;
  request(client, caf::infinite, std::move(call))
    .then(
      [this](const client::outcome_of_call& how) {
        if (how.problem.code != error_code::ok)
          log().warning("the root did not take a report", {{"why", how.problem.message}});
      },
      [](const caf::error&) {});
}

void membership_shell::perform(const membership::found_answered& what) {
  const auto found = askers_.find(what.asker);
  if (found == askers_.end())
    return;
  found->second->answered(what.how);
  askers_.erase(found);
}

// -- children ----------------------------------------------------------------------

/// The supervisors stand above this actor in the tree: whoever finds none of them is
/// about to be stopped. That there is a child of that id is what a former life of this
/// actor left.
void membership_shell::start_under(supervisor_address& supervisor,
                                   supervision::child_spec spec, on_there then) {
  if (const auto leaving = stopping_.find({&supervisor, spec.id}); leaving != stopping_.end()) {
    leaving->second = std::move(spec);
    return;
  }
  if (!supervisor.get())
    return;
  request(supervisor.get(), caf::infinite, supervision::start_child{std::move(spec)})
    .then(
      [this, then = std::move(then)](const supervision::start_child_answer& answer) {
        if (!answer && answer.problem().code == error_code::invalid && then)
          then();
        else if (!answer && answer.problem().code != error_code::invalid)
          log().error("a child did not start", {{"why", answer.problem().message}});
      },
      [](const caf::error&) {});
}

void membership_shell::stop_under(supervisor_address& supervisor, const std::string& id,
                                  on_stopped then) {
  if (!supervisor.get())
    return;
  const child_name name{&supervisor, id};
  stopping_[name].reset();
  const auto done = [this, &supervisor, name, then = std::move(then)] {
    auto next = stopping_.extract(name);
    then();
    if (next && next.mapped())
      start_under(supervisor, std::move(*next.mapped()));
  };
  request(supervisor.get(), caf::infinite, supervision::stop_child{id})
    .then([done](const supervision::stop_child_answer&) { done(); },
          [done](const caf::error&) { done(); });
}

/// First its word is all that is left of it in the journal, then its state goes: what
/// is left over when the node dies in between is removed at the next start.
void membership_shell::remove_data(const membership::drop_replica& what) {
  const auto again = [this, what](const error& why) {
    log().error("a partition's data can't be removed; it is tried again",
                {{"partition", what.partition}, {"why", why.message}});
    delayed_send(this, removal_pause, removal_retry{what});
  };
  request(journal(), caf::infinite, journal_leave{what.partition, what.members_index})
    .then([this, what, again](const journal_left& left) {
      if (left.spared) {
        log().info("its log names this node a member: the partition's replica goes on",
                   {{"partition", what.partition}});
        step(membership::replica_spared{what.partition, what.members_index});
        return;
      }
      auto how = left.how;
      if (how)
        how = parts_.remove_state(what.partition);
      if (!how)
        again(how.problem());
      else
        step(membership::replica_dropped{what.partition});
    });
}

} // namespace present
