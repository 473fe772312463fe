#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

namespace {

std::size_t bytes_of(const partition_map_record& what) {
  std::size_t bytes = what.cluster.size();
  for (const auto& share : what.shares)
    bytes += 40 + share.first_key.size();
  for (const auto& group : what.placements)
    bytes += 80 + 16 * group.founders.size() + 4 * group.wanted.size()
             + 4 * group.members.size() + 16 * group.departures.size();
  return bytes;
}

void write_placement(const placement& what, stored::Placement::Builder out) {
  out.setPartition(what.partition.value);
  auto founders = out.initFounders(static_cast<unsigned>(what.founders.size()));
  for (unsigned place = 0; place < what.founders.size(); ++place) {
    founders[place].setNode(what.founders[place].node.value);
    founders[place].setStore(what.founders[place].store.value);
  }
  auto wanted = out.initWanted(static_cast<unsigned>(what.wanted.size()));
  for (unsigned place = 0; place < what.wanted.size(); ++place)
    wanted.set(place, what.wanted[place].value);
  auto members = out.initMembers(static_cast<unsigned>(what.members.size()));
  for (unsigned place = 0; place < what.members.size(); ++place)
    members.set(place, what.members[place].value);
  out.setMembersIndex(what.members_index.value);
  auto departures = out.initDepartures(static_cast<unsigned>(what.departures.size()));
  for (unsigned place = 0; place < what.departures.size(); ++place) {
    departures[place].setNode(what.departures[place].node.value);
    departures[place].setSince(what.departures[place].since.value);
  }
}

placement read_placement(stored::Placement::Reader in) {
  placement what;
  what.partition = {in.getPartition()};
  for (const auto founder : in.getFounders())
    what.founders.push_back({{founder.getNode()}, {founder.getStore()}});
  for (const auto node : in.getWanted())
    what.wanted.push_back({node});
  for (const auto node : in.getMembers())
    what.members.push_back({node});
  what.members_index = {in.getMembersIndex()};
  for (const auto gone : in.getDepartures())
    what.departures.push_back({{gone.getNode()}, {gone.getSince()}});
  return what;
}

} // namespace

std::string encode_partition_map(const partition_map_record& what) {
  return write<stored::PartitionMapRecord>(bytes_of(what), [&](auto out) {
    out.setEpoch(what.epoch.value);
    out.setCluster(text_of(what.cluster));
    out.setNextSpace(what.next_space.value);
    auto shares = out.initShares(static_cast<unsigned>(what.shares.size()));
    for (unsigned place = 0; place < what.shares.size(); ++place) {
      shares[place].setSpace(what.shares[place].space.value);
      shares[place].setFirstKey(data_of(what.shares[place].first_key));
      shares[place].setPartition(what.shares[place].partition.value);
    }
    auto placements
      = out.initPlacements(static_cast<unsigned>(what.placements.size()));
    for (unsigned place = 0; place < what.placements.size(); ++place)
      write_placement(what.placements[place], placements[place]);
  });
}

result<partition_map_record> decode_partition_map(std::string_view bytes) {
  return read<stored::PartitionMapRecord, partition_map_record>(
    bytes, [](auto in) -> result<partition_map_record> {
      partition_map_record map;
      map.epoch = {in.getEpoch()};
      map.cluster = string_of(in.getCluster());
      map.next_space = {in.getNextSpace()};
      map.shares.reserve(in.getShares().size());
      for (const auto share : in.getShares())
        map.shares.push_back({{share.getSpace()},
                              string_of(share.getFirstKey()),
                              {share.getPartition()}});
      for (const auto group : in.getPlacements())
        map.placements.push_back(read_placement(group));
      return map;
    });
}

} // namespace present::storage
