#include "storage/snapshot_codec.hpp"

#include "schemas/snapshot.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/log_codec.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_snapshot_head(const snapshot_head& head) {
  const auto mark = encode_mark(head.mark);
  const auto digest = encode_state_digest(head.digest);
  return write<stored::SnapshotHead>(mark.size() + digest.size(), [&](auto out) {
    out.setFormat(head.format);
    out.setPartition(head.partition.value);
    out.setMark(data_of(mark));
    out.setDigest(data_of(digest));
  });
}

result<snapshot_head> decode_snapshot_head(std::string_view bytes) {
  return read<stored::SnapshotHead, snapshot_head>(
    bytes, [](auto in) -> result<snapshot_head> {
      snapshot_head head;
      head.format = in.getFormat();
      head.partition = {in.getPartition()};
      if (head.format > snapshot_format)
        return head;
      auto mark = decode_mark(string_of(in.getMark()));
      if (!mark)
        return mark.problem();
      auto digest = decode_state_digest(string_of(in.getDigest()));
      if (!digest)
        return digest.problem();
      head.mark = std::move(*mark);
      head.digest = *digest;
      return head;
    });
}

std::string encode_snapshot_block(const std::vector<encoded_row>& rows) {
  // A row is a struct of two pointers; its bytes are rounded up to words.
  constexpr std::size_t row_overhead = 4 * sizeof(capnp::word);
  std::size_t bytes = 0;
  for (const auto& row : rows)
    bytes += row.key.size() + row.record.size() + row_overhead;
  return write<stored::SnapshotBlock>(bytes, [&](auto out) {
    auto list = out.initRows(static_cast<capnp::uint>(rows.size()));
    for (capnp::uint i = 0; i < list.size(); ++i) {
      list[i].setKey(data_of(rows[i].key));
      list[i].setRecord(data_of(rows[i].record));
    }
  });
}

result<std::vector<row>> decode_snapshot_block(std::string_view bytes) {
  return read<stored::SnapshotBlock, std::vector<row>>(
    bytes, [](auto in) -> result<std::vector<row>> {
      std::vector<row> rows;
      for (const auto& item : in.getRows()) {
        auto key = record_key::parse(string_of(item.getKey()));
        if (!key)
          return make_error(error_code::damaged, "a key of no known kind");
        const auto data = item.getRecord();
        auto read = decode_record(
          *key, {reinterpret_cast<const char*>(data.begin()), data.size()});
        if (!read)
          return read.problem();
        rows.push_back({std::move(*key), std::move(*read)});
      }
      return rows;
    });
}

} // namespace present::storage
