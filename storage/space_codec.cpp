#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"
#include "storage/space_settings_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_space(const space_record& what) {
  const auto& settings = what.settings;
  return write<stored::SpaceRecord>(
    what.name.size() + settings.schema.size(), [&](auto out) {
      out.setName(text_of(what.name));
      out.setVersion(what.version.value);
      encode_settings(settings, out);
    });
}

result<space_record> decode_space(space_id id, std::string_view bytes) {
  return read<stored::SpaceRecord, space_record>(
    bytes, [&](auto in) -> result<space_record> {
      auto settings = decode_settings(in);
      if (!settings)
        return settings.problem();
      return space_record{id,
                          string_of(in.getName()),
                          std::move(*settings),
                          {in.getVersion()}};
    });
}

} // namespace present::storage
