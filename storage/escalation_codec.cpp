#include "schemas/record.capnp.h"
#include "storage/authorship_codec.hpp"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_escalation(const escalation_record& what) {
  constexpr std::size_t envelope = 128;
  std::size_t bytes = 0;
  for (const auto& each : what.writes)
    bytes += envelope + each.path.size() + each.reason.size()
             + (each.bytes ? each.bytes->size() : 0);
  return write<stored::EscalationRecord>(bytes, [&](auto out) {
    auto writes = out.initWrites(static_cast<unsigned>(what.writes.size()));
    for (unsigned place = 0; place < what.writes.size(); ++place) {
      const auto& from = what.writes[place];
      auto to = writes[place];
      to.setStamp(from.stamp.value);
      to.setPath(text_of(from.path));
      to.setReason(text_of(from.reason));
      to.setCurrent(from.current.value);
      to.setTombstone(from.tombstone);
      if (from.bytes)
        to.setBytes(data_of(*from.bytes));
      encode_authorship(from.at, to);
    }
  });
}

result<escalation_record> decode_escalation(std::string_view bytes) {
  return read<stored::EscalationRecord, escalation_record>(
    bytes, [](auto in) -> result<escalation_record> {
      escalation_record record;
      for (const auto each : schema::honest(in.getWrites())) {
        auto& to = record.writes.emplace_back();
        to.stamp = {each.getStamp()};
        to.path = string_of(each.getPath());
        to.reason = string_of(each.getReason());
        to.current = {each.getCurrent()};
        to.tombstone = each.getTombstone();
        if (each.getBytes().size() > 0)
          to.bytes = std::make_shared<const std::string>(string_of(each.getBytes()));
        to.at = decode_authorship(each);
      }
      return record;
    });
}

} // namespace present::storage
