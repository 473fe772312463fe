#include "actors/partition/catalog.hpp"

#include "actors/membership/placement.hpp"
#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"

#include <algorithm>

namespace present::partition {

using storage::node_state;
using storage::record_key;
using storage::record_kind;

namespace {

std::string text(node_id node) {
  return "node " + std::to_string(node.value);
}

answer no_node_answer(node_id node) {
  return refused_answer(error_code::not_found, "there is no " + text(node));
}

cluster_map::node* find(cluster_map& map, node_id id) {
  const auto found = std::find_if(map.nodes.begin(), map.nodes.end(),
                                  [id](const auto& node) { return node.id == id; });
  return found == map.nodes.end() ? nullptr : &*found;
}

cluster_map::node& find_or_add(cluster_map& map, node_id id) {
  const auto place
    = std::lower_bound(map.nodes.begin(), map.nodes.end(), id,
                       [](const auto& node, node_id wanted) { return node.id < wanted; });
  if (place != map.nodes.end() && place->id == id)
    return *place;
  return *map.nodes.insert(place, {.id = id});
}

void add_space(cluster_map& map, const create_space& asked, space_id id) {
  auto cuts = even_cuts(std::max<std::size_t>(asked.pieces, 1));
  if (!asked.split_at.empty())
    cuts.assign(1, {});
  cuts.insert(cuts.end(), asked.split_at.begin(), asked.split_at.end());
  const auto owners = partitions_for(map, cuts.size());
  for (std::size_t piece = 0; piece < cuts.size(); ++piece)
    map.ranges.push_back({id, std::move(cuts[piece]), owners[piece]});
  map.spaces[asked.name] = id;
}

/// Only what isn't as by default stands in the map.
void put_settings(cluster_map& map, space_id id, const storage::space_settings& settings) {
  if (settings == storage::space_settings{})
    map.settings.erase(id);
  else
    map.settings[id] = settings;
}

/// Those that have it, or may have it yet.
std::vector<partition_id> kept_by(const cluster_map& map, node_id node) {
  std::vector<partition_id> kept;
  for (const auto& group : map.partitions)
    if (keeps(group, node) || is_departing(group, node))
      kept.push_back(group.partition);
  return kept;
}

/// C4. Of `before` to `after`, which is a map of `epoch`.
void note_departures(const storage::placement& before, map_epoch epoch,
                     storage::placement& after) {
  std::erase_if(after.departures,
                [&](const auto& gone) { return has_node(after.wanted, gone.node); });
  for (const auto node : before.wanted)
    if (!has_node(after.wanted, node) && !mutated(mutant::forget_departures))
      after.departures.push_back({node, epoch});
}

} // namespace

catalog::catalog(storage::state& table)
    : table_(table), map_(std::make_shared<const cluster_map>()) {
  restore();
}

/// C1.
template <class Change>
void catalog::change(Change how) {
  auto changed = std::make_shared<cluster_map>(*map_);
  how(*changed);
  changed->epoch = next(changed->epoch);
  for (std::size_t place = 0; place < map_->partitions.size(); ++place)
    note_departures(map_->partitions[place], changed->epoch, changed->partitions[place]);
  map_ = std::move(changed);
  put_map();
}

void catalog::found(const cluster_map& map, hlc_stamp at) {
  if (is_founded())
    return;
  change([&](cluster_map& born) {
    born = map;
    born.leaders.clear();
  });
  for (const auto& node : map_->nodes)
    put_node(node, at);
}

// -- spaces ------------------------------------------------------------------------

answer catalog::apply(const create_space& asked, hlc_stamp at) {
  if (map_->spaces.contains(asked.name))
    return conflict_answer(space_exists_sentence(asked.name), versions_.at(asked.name));
  const auto id = next_space_;
  next_space_ = next(id);
  change([&](cluster_map& map) {
    add_space(map, asked, id);
    put_settings(map, id, asked.settings);
  });
  versions_[asked.name] = at;
  table_.put(record_key::space(id), storage::space_record{id, asked.name, asked.settings, at});
  return applied_answer(at);
}

answer catalog::apply(const set_space& asked, hlc_stamp at) {
  const auto there = map_->spaces.find(asked.name);
  if (there == map_->spaces.end())
    return refused_answer(error_code::unknown_space, no_space_sentence(asked.name));
  const auto id = there->second;
  const auto before = map_->settings_of(id);
  const auto settings = asked.changing(before);
  if (settings == before)
    return applied_answer(versions_.at(asked.name));
  change([&](cluster_map& map) { put_settings(map, id, settings); });
  versions_[asked.name] = at;
  table_.put(record_key::space(id), storage::space_record{id, asked.name, settings, at});
  return applied_answer(at);
}

answer catalog::apply(const drop_space& asked, hlc_stamp at) {
  const auto there = map_->spaces.find(asked.name);
  if (there == map_->spaces.end())
    return refused_answer(error_code::unknown_space, no_space_sentence(asked.name));
  const auto id = there->second;
  change([&](cluster_map& map) {
    map.spaces.erase(asked.name);
    map.settings.erase(id);
    std::erase_if(map.ranges, [id](const auto& range) { return range.space == id; });
  });
  versions_.erase(asked.name);
  table_.erase(record_key::space(id));
  return applied_answer(at);
}

// -- nodes -------------------------------------------------------------------------

answer catalog::apply(const add_node& asked, hlc_stamp at) {
  const cluster_map::node wanted{asked.node, asked.store, node_state::active,
                                 asked.rpc_address, asked.http_address};
  const auto* there = map_->find_node(asked.node);
  if (there && *there == wanted)
    return applied_answer(at);
  for (const auto& other : map_->nodes)
    if (other.id != asked.node && other.state != node_state::left
        && other.rpc_address == asked.rpc_address)
      return refused_answer(error_code::version_conflict,
                            text(other.id) + " has the address " + asked.rpc_address
                              + " already");
  change([&](cluster_map& map) {
    find_or_add(map, asked.node) = wanted;
    place_replicas(map);
  });
  put_node(wanted, at);
  return applied_answer(at);
}

answer catalog::apply(const drain_node& asked, hlc_stamp at) {
  const auto* there = map_->find_node(asked.node);
  if (!there || there->state == node_state::left)
    return no_node_answer(asked.node);
  const auto others
    = std::any_of(map_->nodes.begin(), map_->nodes.end(), [&](const auto& node) {
        return node.id != asked.node && node.state == node_state::active;
      });
  if (!asked.undo && !others)
    return refused_answer(error_code::version_conflict,
                          text(asked.node) + " is the last active node: add another one first");
  return set_state(asked.node, asked.undo ? node_state::active : node_state::draining, at);
}

answer catalog::apply(const remove_node& asked, hlc_stamp at) {
  const auto* there = map_->find_node(asked.node);
  if (!there)
    return no_node_answer(asked.node);
  const auto kept = kept_by(*map_, asked.node);
  if (!kept.empty())
    return refused_answer(error_code::version_conflict,
                          text(asked.node) + " still keeps " + std::to_string(kept.size())
                            + " partitions, partition " + std::to_string(kept.front().value)
                            + " among them: drain it, and wait");
  return set_state(asked.node, node_state::left, at);
}

answer catalog::set_state(node_id id, node_state state, hlc_stamp at) {
  if (map_->find_node(id)->state == state)
    return applied_answer(at);
  change([&](cluster_map& map) {
    find(map, id)->state = state;
    place_replicas(map);
  });
  put_node(*map_->find_node(id), at);
  return applied_answer(at);
}

answer catalog::apply(const report_members& asked, hlc_stamp at) {
  const auto* group = map_->find_partition(asked.partition);
  if (!group)
    return refused_answer(error_code::not_found,
                          "there is no partition " + std::to_string(asked.partition.value));
  if (!is_news(*group, asked.index, asked.by_map))
    return applied_answer(at);
  const auto place = static_cast<std::size_t>(group - map_->partitions.data());
  change([&](cluster_map& map) {
    auto& told = map.partitions[place];
    told.members = asked.voters;
    told.members_index = asked.index;
    std::erase_if(told.departures,
                  [&](const auto& gone) { return gone.since <= asked.by_map; });
  });
  return applied_answer(at);
}

// -- on disk -----------------------------------------------------------------------

void catalog::put_node(const cluster_map::node& what, hlc_stamp at) {
  table_.put(record_key::node(what.id),
             storage::node_record{what.id, what.store, what.state, what.rpc_address,
                                  what.http_address, at});
}

void catalog::put_map() {
  storage::partition_map_record record;
  record.epoch = map_->epoch;
  record.cluster = map_->cluster;
  record.next_space = next_space_;
  record.placements = map_->partitions;
  for (const auto& range : map_->ranges)
    record.shares.push_back({range.space, range.first, range.partition});
  table_.put(record_key::partition_map(), std::move(record));
}

void catalog::restore() {
  auto found = table_.get_as<storage::partition_map_record>(record_key::partition_map());
  auto& stored = sound(found);
  if (!stored)
    return;
  auto& record = *stored;
  auto map = std::make_shared<cluster_map>();
  map->epoch = record.epoch;
  map->cluster = std::move(record.cluster);
  map->partitions = std::move(record.placements);
  for (auto& share : record.shares)
    map->ranges.push_back({share.space, std::move(share.first_key), share.partition});
  next_space_ = record.next_space;
  const auto visit = [&](record_kind kind, const storage::row_visitor& take) {
    auto visited
      = table_.visit(record_key::start_of(kind), record_key::end_of(kind), take);
    sound(visited);
  };
  visit(record_kind::node, [&](storage::row&& row) {
    auto& node = std::get<storage::node_record>(row.what);
    map->nodes.push_back({node.node, node.store, node.state, std::move(node.rpc_address),
                          std::move(node.http_address)});
    return true;
  });
  visit(record_kind::space, [&](storage::row&& row) {
    auto& space = std::get<storage::space_record>(row.what);
    map->spaces[space.name] = space.id;
    put_settings(*map, space.id, space.settings);
    versions_[space.name] = space.version;
    return true;
  });
  map_ = std::move(map);
}

} // namespace present::partition
