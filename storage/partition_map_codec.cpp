#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_partition_map(const partition_map_record& what) {
  std::size_t bytes = 0;
  for (const auto& share : what.shares)
    bytes += 64 + share.first_key.size() + 8 * share.replicas.size();
  return write<stored::PartitionMapRecord>(bytes, [&](auto out) {
    out.setEpoch(what.epoch.value);
    out.setNextPartition(what.next_partition.value);
    out.setNextSpace(what.next_space.value);
    auto shares = out.initShares(static_cast<unsigned>(what.shares.size()));
    for (unsigned place = 0; place < what.shares.size(); ++place) {
      const auto& share = what.shares[place];
      shares[place].setPartition(share.partition.value);
      shares[place].setFirstSpace(share.first_space.value);
      shares[place].setFirstKey(data_of(share.first_key));
      auto replicas = shares[place].initReplicas(
        static_cast<unsigned>(share.replicas.size()));
      for (unsigned i = 0; i < share.replicas.size(); ++i)
        replicas.set(i, share.replicas[i].value);
    }
  });
}

result<partition_map_record> decode_partition_map(std::string_view bytes) {
  return read<stored::PartitionMapRecord, partition_map_record>(
    bytes, [](auto in) -> result<partition_map_record> {
      partition_map_record map{{in.getEpoch()},
                               {},
                               {in.getNextPartition()},
                               {in.getNextSpace()}};
      map.shares.reserve(in.getShares().size());
      for (const auto share : in.getShares()) {
        partition_share next{{share.getPartition()},
                             {share.getFirstSpace()},
                             string_of(share.getFirstKey())};
        for (const auto replica : share.getReplicas())
          next.replicas.push_back({replica});
        map.shares.push_back(std::move(next));
      }
      return map;
    });
}

} // namespace present::storage
