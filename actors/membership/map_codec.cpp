#include "actors/membership/map_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "schemas/honest_list.hpp"
#include "storage/space_settings_codec.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstring>

namespace present {

namespace {

capnp::Data::Reader data_of(const std::string& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

std::string string_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

/// `write(builder, row)` for each row of a list.
template <class List, class Rows, class Write>
void fill(List list, const Rows& rows, Write write) {
  unsigned place = 0;
  for (const auto& row : rows)
    write(list[place++], row);
}

void fill(capnp::List<std::uint32_t>::Builder list, const std::vector<node_id>& nodes) {
  for (unsigned place = 0; place < nodes.size(); ++place)
    list.set(place, nodes[place].value);
}

std::vector<node_id> nodes_of(capnp::List<std::uint32_t>::Reader list) {
  std::vector<node_id> nodes;
  for (const auto node : list)
    nodes.push_back({node});
  return nodes;
}

void encode_placement(schema::ClusterMap::Placement::Builder to,
                      const storage::placement& from) {
  to.setPartition(from.partition.value);
  fill(to.initFounders(static_cast<unsigned>(from.founders.size())), from.founders,
       [](auto founder, const raft::member_store& member) {
         founder.setNode(member.node.value);
         founder.setStore(member.store.value);
       });
  fill(to.initWanted(static_cast<unsigned>(from.wanted.size())), from.wanted);
  fill(to.initMembers(static_cast<unsigned>(from.members.size())), from.members);
  to.setMembersIndex(from.members_index.value);
  fill(to.initDepartures(static_cast<unsigned>(from.departures.size())), from.departures,
       [](auto gone, const storage::departure& what) {
         gone.setNode(what.node.value);
         gone.setSince(what.since.value);
       });
}

storage::placement decode_placement(schema::ClusterMap::Placement::Reader from) {
  storage::placement group;
  group.partition = {from.getPartition()};
  for (const auto founder : schema::honest(from.getFounders()))
    group.founders.push_back({{founder.getNode()}, {founder.getStore()}});
  group.wanted = nodes_of(from.getWanted());
  group.members = nodes_of(from.getMembers());
  group.members_index = {from.getMembersIndex()};
  for (const auto gone : schema::honest(from.getDepartures()))
    group.departures.push_back({{gone.getNode()}, {gone.getSince()}});
  return group;
}

result<storage::node_state> decode_state(std::uint8_t number) {
  if (number < static_cast<std::uint8_t>(storage::node_state::active)
      || number > static_cast<std::uint8_t>(storage::node_state::left))
    return make_error(error_code::invalid,
                      "map: node state " + std::to_string(number)
                        + " is unknown to this program");
  return static_cast<storage::node_state>(number);
}

} // namespace

void encode_map(const cluster_map& from, schema::ClusterMap::Builder to) {
  to.setEpoch(from.epoch.value);
  to.setCluster(text_of(from.cluster));
  fill(to.initNodes(static_cast<unsigned>(from.nodes.size())), from.nodes,
       [](auto node, const cluster_map::node& what) {
         node.setId(what.id.value);
         node.setStore(what.store.value);
         node.setState(static_cast<std::uint8_t>(what.state));
         node.setRpcAddress(text_of(what.rpc_address));
         node.setHttpAddress(text_of(what.http_address));
       });
  fill(to.initSpaces(static_cast<unsigned>(from.spaces.size())), from.spaces,
       [&](auto space, const auto& what) {
         space.setId(what.second.value);
         space.setName(text_of(what.first));
         if (const auto set = from.settings.find(what.second); set != from.settings.end())
           storage::encode_settings(set->second, space.initSettings());
       });
  fill(to.initRanges(static_cast<unsigned>(from.ranges.size())), from.ranges,
       [](auto range, const cluster_map::range& what) {
         range.setSpace(what.space.value);
         range.setFirst(data_of(what.first));
         range.setPartition(what.partition.value);
       });
  fill(to.initLeaders(static_cast<unsigned>(from.leaders.size())), from.leaders,
       [](auto leader, const auto& what) {
         leader.setPartition(what.first.value);
         leader.setNode(what.second.value);
       });
  fill(to.initPartitions(static_cast<unsigned>(from.partitions.size())), from.partitions,
       encode_placement);
}

result<cluster_map> decode_map(schema::ClusterMap::Reader from) {
  cluster_map map;
  map.epoch = {from.getEpoch()};
  map.cluster = string_of(from.getCluster());
  for (const auto node : schema::honest(from.getNodes())) {
    const auto state = decode_state(node.getState());
    if (!state)
      return state.problem();
    map.nodes.push_back({{node.getId()},
                         {node.getStore()},
                         *state,
                         string_of(node.getRpcAddress()),
                         string_of(node.getHttpAddress())});
  }
  for (const auto space : schema::honest(from.getSpaces())) {
    map.spaces[string_of(space.getName())] = {space.getId()};
    if (!space.hasSettings())
      continue;
    auto settings = storage::decode_settings(space.getSettings());
    if (!settings)
      return settings.problem();
    if (*settings != storage::space_settings{})
      map.settings[{space.getId()}] = std::move(*settings);
  }
  for (const auto range : schema::honest(from.getRanges()))
    map.ranges.push_back(
      {{range.getSpace()}, string_of(range.getFirst()), {range.getPartition()}});
  for (const auto leader : schema::honest(from.getLeaders()))
    map.leaders[{leader.getPartition()}] = {leader.getNode()};
  for (const auto group : schema::honest(from.getPartitions()))
    map.partitions.push_back(decode_placement(group));
  return map;
}

std::string encode_map(const cluster_map& from) {
  capnp::MallocMessageBuilder message;
  encode_map(from, message.initRoot<schema::ClusterMap>());
  const auto flat = capnp::messageToFlatArray(message);
  const auto bytes = flat.asChars();
  return {bytes.begin(), bytes.size()};
}

result<cluster_map> decode_map(std::string_view bytes) {
  std::vector<capnp::word> words(bytes.size() / sizeof(capnp::word));
  if (!words.empty())
    std::memcpy(words.data(), bytes.data(), words.size() * sizeof(capnp::word));
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords
    = std::min(bounds::rpc_traversal_words, schema::honest_traversal(words.size()));
  limits.nestingLimit = bounds::rpc_nesting_depth;
  result<cluster_map> out = make_error(error_code::damaged, "not a cluster map");
  const auto caught = kj::runCatchingExceptions([&] {
    capnp::FlatArrayMessageReader message{
      {words.data(), words.size()}, limits};
    out = decode_map(message.getRoot<schema::ClusterMap>());
  });
  KJ_IF_MAYBE(broken, caught) {
    return make_error(error_code::damaged,
                      std::string{"not a cluster map: "} + broken->getDescription().cStr());
  }
  return out;
}

} // namespace present
