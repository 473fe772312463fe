#include "actors/membership/membership_machine.hpp"

#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::membership {

namespace {

using storage::node_state;

constexpr std::uint32_t store_pause_ms = 1000;

std::string text(node_id node) {
  return "node " + std::to_string(node.value);
}

map_epoch epoch_of(const cluster_map_ptr& map) {
  return map ? map->epoch : map_epoch{};
}

const std::vector<raft::member_store>& root_founders(const cluster_map& map) {
  static const std::vector<raft::member_store> none;
  const auto* root = map.find_partition(root_partition);
  return root ? root->founders : none;
}

bool is_founder(const storage::placement& group, node_id node, store_id store) {
  const raft::member_store wanted{node, store};
  return std::find(group.founders.begin(), group.founders.end(), wanted)
         != group.founders.end();
}

void earlier(std::optional<time_ms>& wake, std::optional<time_ms> other) {
  if (other && (!wake || *other < *wake))
    wake = other;
}

} // namespace

void membership_machine::step(const event& input, effects& out) {
  std::visit([&](const auto& what) { on(input, what, out); }, input.what);
}

std::optional<time_ms> membership_machine::next_wake() const {
  auto wake = store_again_at_;
  for (const auto& [partition, open] : reports_)
    earlier(wake, open.again_at);
  for (const auto& [peer, there] : links_)
    earlier(wake, readmission_due(peer, there));
  return wake;
}

bool membership_machine::is_stranger() const {
  const auto* self = map_ ? map_->find_node(options_.self) : nullptr;
  return map_ && (!self || self->store != options_.store);
}

bool membership_machine::keeps_root() const {
  return replicas_.contains(root_partition);
}

// -- events ------------------------------------------------------------------------

void membership_machine::on(const event& input, const started& what, effects& out) {
  left_over_.insert(what.on_disk.begin(), what.on_disk.end());
  if (!what.map)
    return;
  check(what.map->cluster == options_.cluster, "I1: the stored map is another cluster's");
  map_ = what.map;
  follow(input, out);
}

void membership_machine::on(const event&, const map_heard& what, effects& out) {
  if (is_newer(*what.map))
    store_next(what.map, out);
}

bool membership_machine::is_newer(const cluster_map& map) const {
  const auto known = std::max({epoch_of(map_), epoch_of(storing_), epoch_of(next_)});
  return map.cluster == options_.cluster && map.epoch > known;
}

void membership_machine::store_next(cluster_map_ptr map, effects& out) {
  if (storing_) {
    next_ = std::move(map);
    return;
  }
  storing_ = std::move(map);
  out.push_back(store_map{storing_});
}

void membership_machine::on(const event&, const found_asked& what, effects& out) {
  const auto problem = founding_problem(*what.map);
  if (!problem || map_) {
    out.push_back(found_answered{what.asker, problem});
    return;
  }
  founders_asking_.push_back(what.asker);
  if (!storing_)
    store_next(what.map, out);
}

/// Success: it may be done, or is done already (I5).
status membership_machine::founding_problem(const cluster_map& map) const {
  const auto invalid = [](const std::string& why) -> status {
    return make_error(error_code::invalid, why);
  };
  if (map.cluster != options_.cluster)
    return invalid("cluster: " + map.cluster + "; the certificate of this node is of "
                   + options_.cluster);
  const auto* self = map.find_node(options_.self);
  if (!self)
    return invalid(text(options_.self) + " is not among the founders");
  if (self->store != options_.store)
    return invalid(text(options_.self) + ": the store is another one; its data were lost, or "
                   "it was asked before: ask it again");
  if (!map_ && !left_over_.empty())
    return invalid(text(options_.self) + " keeps partitions of a cluster whose map it has lost: "
                   "start its peers, and it will get the map from them");
  const auto& known = map_ ? map_ : storing_;
  if (known && root_founders(*known) != root_founders(map))
    return invalid(text(options_.self) + " belongs to a cluster already, founded by others");
  return success();
}

void membership_machine::answer_founders(const status& how, effects& out) {
  for (const auto asker : std::exchange(founders_asking_, {}))
    out.push_back(found_answered{asker, how});
}

void membership_machine::on(const event& input, const map_stored& what, effects& out) {
  check(storing_ && storing_->epoch == what.epoch, "I2: a map that was not to be stored");
  map_ = std::exchange(storing_, nullptr);
  follow(input, out);
  answer_founders(success(), out);
  if (next_)
    store_next(std::exchange(next_, nullptr), out);
}

/// A founding is the operator's to repeat; a map that was heard will not be said again.
void membership_machine::on(const event& input, const map_failed& what, effects& out) {
  if (founders_asking_.empty()) {
    store_again_at_ = input.now + store_pause_ms;
    return;
  }
  storing_ = std::exchange(next_, nullptr);
  answer_founders(what.why, out);
  if (storing_)
    out.push_back(store_map{storing_});
}

void membership_machine::on(const event& input, const peer_up& what, effects& out) {
  const auto found = links_.find(what.peer);
  if (found == links_.end())
    return; // it was stopped meanwhile
  auto& there = found->second;
  if (!there.up || there.store != what.store)
    there.since = input.now;
  there.up = true;
  there.store = what.store;
  out.push_back(offer_map{what.peer, map_});
}

void membership_machine::on(const event&, const peer_down& what, effects&) {
  if (const auto found = links_.find(what.peer); found != links_.end())
    found->second.up = false;
}

void membership_machine::on(const event&, const replica_dropped& what, effects& out) {
  dropping_.erase(what.partition);
  follow_replicas(out); // it may be wanted again by now
}

void membership_machine::on(const event&, const replica_spared& what, effects& out) {
  dropping_.erase(what.partition);
  left_over_.insert(what.partition);
  spared_[what.partition] = what.members_index;
  follow_replicas(out); // by a newer map, if one is here by now
}

void membership_machine::on(const event& input, const members_known& what, effects& out) {
  auto& told = reports_[what.what.partition];
  if (told.what.index < what.what.index
      || (told.what.index == what.what.index && told.what.by_map < what.what.by_map))
    told = {what.what, input.now};
  drop_old_reports();
  make_reports(input.now, out);
}

void membership_machine::on(const event& input, const time_passed&, effects& out) {
  if (store_again_at_ && *store_again_at_ <= input.now) {
    store_again_at_.reset();
    out.push_back(store_map{storing_});
  }
  make_reports(input.now, out);
  readmit(input.now, out);
}

// -- as the map says ---------------------------------------------------------------

void membership_machine::follow(const event& input, effects& out) {
  out.push_back(publish_map{map_});
  follow_replicas(out);
  spread(out);
  follow_links(out);
  drop_old_reports();
  make_reports(input.now, out);
}

void membership_machine::follow_links(effects& out) {
  const auto wanted = [&](node_id peer) -> const cluster_map::node* {
    const auto* node = peer == options_.self ? nullptr : map_->find_node(peer);
    return node && node->state != node_state::left ? node : nullptr;
  };
  for (auto it = links_.begin(); it != links_.end();) {
    const auto* node = wanted(it->first);
    if (node && node->rpc_address == it->second.address) {
      ++it;
      continue;
    }
    out.push_back(stop_link{it->first});
    it = links_.erase(it);
  }
  for (const auto& node : map_->nodes)
    if (wanted(node.id) && !links_.contains(node.id)) {
      links_[node.id].address = node.rpc_address;
      out.push_back(start_link{node.id, node.rpc_address});
    }
}

void membership_machine::follow_replicas(effects& out) {
  if (is_stranger()) {
    stop_all_replicas(out);
    return;
  }
  drop_unkept(out);
  for (const auto& group : map_->partitions) {
    const bool kept = keeps(group, options_.self);
    if (kept)
      spared_.erase(group.partition);
    if ((!kept && !spared_.contains(group.partition)) || dropping_.contains(group.partition)
        || !replicas_.insert(group.partition).second)
      continue;
    left_over_.erase(group.partition);
    const bool unborn = group.partition == root_partition && map_->epoch == map_epoch{1};
    out.push_back(start_replica{group, is_founder(group, options_.self, options_.store),
                                unborn ? map_ : nullptr});
  }
}

/// I4. One that was spared is asked about again when its members have changed.
void membership_machine::drop_unkept(effects& out) {
  const auto stays = [&](partition_id id, log_index members_index) {
    const auto* group = map_->find_partition(id);
    const auto spared = spared_.find(id);
    return (group && keeps(*group, options_.self))
           || (spared != spared_.end() && spared->second == members_index);
  };
  for (auto* present : {&replicas_, &left_over_})
    for (auto it = present->begin(); it != present->end();) {
      const auto* group = map_->find_partition(*it);
      const auto members_index = group ? group->members_index : log_index{UINT64_MAX};
      if (stays(*it, members_index)) {
        ++it;
        continue;
      }
      out.push_back(drop_replica{*it, members_index});
      dropping_.insert(*it);
      spared_.erase(*it);
      it = present->erase(it);
    }
}

/// I3. What is on the disk may be all that is left of it somewhere.
void membership_machine::stop_all_replicas(effects& out) {
  for (const auto id : std::exchange(replicas_, {})) {
    out.push_back(stop_replica{id});
    left_over_.insert(id);
  }
}

/// Whoever keeps the root hears of each map first.
void membership_machine::spread(effects& out) {
  if (!keeps_root())
    return;
  for (const auto& [peer, there] : links_)
    if (there.up)
      out.push_back(offer_map{peer, map_});
}

// -- what the root is to hear ------------------------------------------------------

void membership_machine::drop_old_reports() {
  std::erase_if(reports_, [&](const auto& one) {
    const auto* group = map_ ? map_->find_partition(one.first) : nullptr;
    const auto& told = one.second.what;
    return group && !is_news(*group, told.index, told.by_map);
  });
}

void membership_machine::make_reports(time_ms now, effects& out) {
  for (auto& [partition, open] : reports_)
    if (open.again_at <= now) {
      open.again_at = now + options_.report_pause_ms;
      out.push_back(ask_root{open.what});
    }
}

/// When the peer is to be let in with the store that it has; empty: it is as the map
/// says, or this node has no business with it.
std::optional<time_ms> membership_machine::readmission_due(node_id peer,
                                                           const link& there) const {
  const auto* node = map_ ? map_->find_node(peer) : nullptr;
  if (!keeps_root() || !there.up || !node || there.store.value == 0
      || there.store == node->store || node->state == node_state::left)
    return std::nullopt;
  const auto asked = readmitted_at_.find(peer);
  const auto since = asked == readmitted_at_.end() ? there.since
                                                   : std::max(there.since, asked->second);
  return since + options_.readmit_after_ms;
}

void membership_machine::readmit(time_ms now, effects& out) {
  for (const auto& [peer, there] : links_) {
    const auto due = readmission_due(peer, there);
    if (!due || *due > now)
      continue;
    readmitted_at_[peer] = now;
    const auto& node = *map_->find_node(peer);
    out.push_back(ask_root{add_node{peer, there.store, node.rpc_address, node.http_address}});
  }
}

} // namespace present::membership
