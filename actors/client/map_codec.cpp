#include "actors/client/map_codec.hpp"

namespace present {

void encode_map(const cluster_map& from, schema::ClusterMap::Builder to) {
  to.setEpoch(from.epoch.value);
  to.setCluster(from.cluster.c_str());
  unsigned place = 0;
  auto nodes = to.initNodes(static_cast<unsigned>(from.nodes.size()));
  for (const auto& node : from.nodes) {
    nodes[place].setId(node.id.value);
    nodes[place++].setRpcAddress(node.rpc_address.c_str());
  }
  place = 0;
  auto spaces = to.initSpaces(static_cast<unsigned>(from.spaces.size()));
  for (const auto& [name, id] : from.spaces) {
    spaces[place].setId(id.value);
    spaces[place++].setName(name.c_str());
  }
  place = 0;
  auto ranges = to.initRanges(static_cast<unsigned>(from.ranges.size()));
  for (const auto& range : from.ranges) {
    ranges[place].setSpace(range.space.value);
    ranges[place].setFirst(
      {reinterpret_cast<const kj::byte*>(range.first.data()), range.first.size()});
    ranges[place++].setPartition(range.partition.value);
  }
  place = 0;
  auto leaders = to.initLeaders(static_cast<unsigned>(from.leaders.size()));
  for (const auto& [partition, node] : from.leaders) {
    leaders[place].setPartition(partition.value);
    leaders[place++].setNode(node.value);
  }
}

cluster_map decode_map(schema::ClusterMap::Reader from) {
  cluster_map map;
  map.epoch = {from.getEpoch()};
  map.cluster = from.getCluster().cStr();
  for (const auto node : from.getNodes())
    map.nodes.push_back({{node.getId()}, node.getRpcAddress().cStr()});
  for (const auto space : from.getSpaces())
    map.spaces[space.getName().cStr()] = {space.getId()};
  for (const auto range : from.getRanges()) {
    const auto first = range.getFirst();
    map.ranges.push_back({{range.getSpace()},
                          {reinterpret_cast<const char*>(first.begin()), first.size()},
                          {range.getPartition()}});
  }
  for (const auto leader : from.getLeaders())
    map.leaders[{leader.getPartition()}] = {leader.getNode()};
  return map;
}

} // namespace present
