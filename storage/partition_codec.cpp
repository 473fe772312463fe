#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_partition(const partition_record& what) {
  return write<stored::PartitionRecord>(0, [&](auto out) {
    out.setLatest(what.latest.value);
    out.setClosed(what.closed.value);
    out.setEpoch(what.epoch.value);
    out.setMachineVersion(what.machine_version);
    out.setSessions(what.sessions);
  });
}

result<partition_record> decode_partition(std::string_view bytes) {
  return read<stored::PartitionRecord, partition_record>(
    bytes, [](auto in) -> result<partition_record> {
      return partition_record{{in.getLatest()},
                              {in.getClosed()},
                              {in.getEpoch()},
                              in.getMachineVersion(),
                              in.getSessions()};
    });
}

} // namespace present::storage
