#include "schemas/record.capnp.h"
#include "storage/authorship_codec.hpp"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_value(const value_record& what) {
  const auto bytes = what.view();
  return write<stored::ValueRecord>(bytes.size(), [&](auto out) {
    out.setVersion(what.version.value);
    out.setTombstone(what.tombstone);
    out.setIsFirst(what.is_first);
    if (!bytes.empty())
      out.setBytes(data_of(bytes));
    encode_authorship(what.at, out);
  });
}

result<value_record> decode_value(std::string_view bytes) {
  return read<stored::ValueRecord, value_record>(
    bytes, [](auto in) -> result<value_record> {
      value_record value{{in.getVersion()}, in.getTombstone()};
      value.is_first = in.getIsFirst();
      if (in.getBytes().size() > 0)
        value.bytes = std::make_shared<const std::string>(
          string_of(in.getBytes()));
      value.at = decode_authorship(in);
      return value;
    });
}

std::string encode_tombstone() {
  return write<stored::TombstoneMark>(0, [](auto) {});
}

result<tombstone_record> decode_tombstone(std::string_view bytes) {
  return read<stored::TombstoneMark, tombstone_record>(
    bytes, [](auto) -> result<tombstone_record> { return tombstone_record{}; });
}

} // namespace present::storage
