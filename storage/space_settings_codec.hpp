#pragma once

#include "storage/capnp_bytes.hpp"
#include "storage/record.hpp"

/// A space's settings in any message that has these fields: a space's record, a
/// partition's, the map, operations. Included by `*_codec.cpp`.
namespace present::storage {

template <class Builder>
void encode_settings(const space_settings& from, Builder to) {
  using schema::text_of;
  to.setConflicts(static_cast<std::uint8_t>(from.conflicts.how));
  to.setMerging(text_of(from.conflicts.merging));
  to.setEscalation(text_of(from.conflicts.escalation));
  to.setReach(static_cast<std::uint8_t>(from.reach));
  to.setVersionsKept(from.versions_kept);
  to.setArchiveAfterMs(from.archive_after_ms);
  to.setSchema(text_of(from.schema));
  to.setClosesAfterMs(from.closes_after_ms);
  to.setPolicy(text_of(from.policy));
}

/// `damaged` for a number that this program doesn't know.
template <class Reader>
result<space_settings> decode_settings(Reader from) {
  using schema::string_of;
  if (from.getConflicts() > static_cast<int>(conflict_strategy::escalate))
    return capnp_bytes::unknown_number("conflict strategy", from.getConflicts());
  if (from.getReach() > static_cast<int>(space_reach::global))
    return capnp_bytes::unknown_number("reach", from.getReach());
  space_settings settings;
  settings.conflicts = {static_cast<conflict_strategy>(from.getConflicts()),
                        string_of(from.getMerging()), string_of(from.getEscalation())};
  settings.reach = static_cast<space_reach>(from.getReach());
  settings.versions_kept = from.getVersionsKept();
  settings.archive_after_ms = from.getArchiveAfterMs();
  settings.schema = string_of(from.getSchema());
  settings.closes_after_ms = from.getClosesAfterMs();
  settings.policy = string_of(from.getPolicy());
  return settings;
}

} // namespace present::storage
