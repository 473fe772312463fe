#pragma once

#include "storage/digest.hpp"
#include "storage/log_entry.hpp"
#include "storage/record.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The messages of a snapshot, as bytes (schemas/snapshot.capnp) and back.
/// Decoding answers `damaged` where bytes are no such message.
namespace present::storage {

/// A snapshot of a higher format is refused: a newer program wrote it.
inline constexpr std::uint32_t snapshot_format = 1;

/// `format` is read even where the rest is newer.
struct snapshot_head {
  std::uint32_t format = snapshot_format;
  partition_id partition;
  raft::snapshot_mark mark;
  state_digest digest; ///< what the rows add up to
};
std::string encode_snapshot_head(const snapshot_head& head);
result<snapshot_head> decode_snapshot_head(std::string_view bytes);

/// A row with its record already encoded (record_codec.hpp).
struct encoded_row {
  std::string key;
  std::string record;
};
std::string encode_snapshot_block(const std::vector<encoded_row>& rows);
result<std::vector<row>> decode_snapshot_block(std::string_view bytes);

} // namespace present::storage
