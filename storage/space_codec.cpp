#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_space(const space_record& what) {
  const auto& settings = what.settings;
  return write<stored::SpaceRecord>(
    what.name.size() + settings.schema.size(), [&](auto out) {
      out.setName(text_of(what.name));
      out.setVersion(what.version.value);
      out.setConflicts(static_cast<std::uint8_t>(settings.conflicts));
      out.setReach(static_cast<std::uint8_t>(settings.reach));
      out.setVersionsKept(settings.versions_kept);
      out.setArchiveAfterMs(settings.archive_after_ms);
      out.setSchema(text_of(settings.schema));
    });
}

result<space_record> decode_space(space_id id, std::string_view bytes) {
  return read<stored::SpaceRecord, space_record>(
    bytes, [&](auto in) -> result<space_record> {
      if (in.getConflicts() > static_cast<int>(conflict_strategy::merge))
        return unknown_number("conflict strategy", in.getConflicts());
      if (in.getReach() > static_cast<int>(space_reach::global))
        return unknown_number("reach", in.getReach());
      space_settings settings{
        static_cast<conflict_strategy>(in.getConflicts()),
        static_cast<space_reach>(in.getReach()), in.getVersionsKept(),
        in.getArchiveAfterMs(), string_of(in.getSchema())};
      return space_record{id,
                          string_of(in.getName()),
                          std::move(settings),
                          {in.getVersion()}};
    });
}

} // namespace present::storage
