#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"
#include "storage/space_settings_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_partition(const partition_record& what) {
  std::size_t bytes = 0;
  for (const auto& range : what.owned)
    bytes += 40 + range.first.size() + range.last.size();
  return write<stored::PartitionRecord>(bytes, [&](auto out) {
    out.setLatest(what.latest.value);
    out.setClosed(what.closed.value);
    out.setEpoch(what.epoch.value);
    out.setMachineVersion(what.machine_version);
    out.setSessions(what.sessions);
    auto owned = out.initOwned(static_cast<unsigned>(what.owned.size()));
    for (unsigned place = 0; place < what.owned.size(); ++place) {
      owned[place].setSpace(what.owned[place].space.value);
      owned[place].setFirst(data_of(what.owned[place].first));
      owned[place].setLast(data_of(what.owned[place].last));
    }
    auto leaving = out.initLeaving(static_cast<unsigned>(what.leaving.size()));
    for (unsigned place = 0; place < what.leaving.size(); ++place)
      leaving.set(place, what.leaving[place].value);
    out.setCollected(what.collected.value);
    auto spaces = out.initSpaces(static_cast<unsigned>(what.spaces.size()));
    for (unsigned place = 0; place < what.spaces.size(); ++place) {
      spaces[place].setSpace(what.spaces[place].space.value);
      encode_settings(what.spaces[place].settings, spaces[place].initSettings());
    }
  });
}

result<partition_record> decode_partition(std::string_view bytes) {
  return read<stored::PartitionRecord, partition_record>(
    bytes, [](auto in) -> result<partition_record> {
      partition_record what{{in.getLatest()},
                            {in.getClosed()},
                            {in.getEpoch()},
                            in.getMachineVersion(),
                            in.getSessions()};
      for (const auto range : in.getOwned())
        what.owned.push_back({{range.getSpace()},
                              string_of(range.getFirst()),
                              string_of(range.getLast())});
      for (const auto space : in.getLeaving())
        what.leaving.push_back({space});
      what.collected = {in.getCollected()};
      for (const auto each : in.getSpaces()) {
        auto settings = decode_settings(each.getSettings());
        if (!settings)
          return settings.problem();
        what.spaces.push_back({{each.getSpace()}, std::move(*settings)});
      }
      return what;
    });
}

} // namespace present::storage
