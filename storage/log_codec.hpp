#pragma once

#include "runtime/base/error.hpp"
#include "storage/journal_store.hpp"
#include "storage/log_extent.hpp"
#include "storage/witnessed.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What the journal keeps, as bytes (schemas/log.capnp) and back. Decoding
/// answers `damaged` where bytes are no such message.
namespace present::storage {

/// A folder's first value. `format` is read even where the rest is newer.
struct stored_identity {
  std::uint32_t format = 0;
  store_identity who;
};
std::string encode_identity(const stored_identity& identity);
result<stored_identity> decode_identity(std::string_view bytes);

/// Term and vote, and with them what the mark doesn't say of the log's extent.
struct stored_hard_state {
  raft::hard_state hard;
  raft::log_position tail;
  raft::log_position promised;

  friend bool operator==(const stored_hard_state&,
                         const stored_hard_state&) = default;
};
std::string encode_hard_state(const stored_hard_state& state);
result<stored_hard_state> decode_hard_state(std::string_view bytes);

std::string encode_mark(const raft::snapshot_mark& mark);
result<raft::snapshot_mark> decode_mark(std::string_view bytes);

std::string encode_witnesses(const std::vector<raft::witnessed>& peers);
result<std::vector<raft::witnessed>> decode_witnesses(std::string_view bytes);

/// An entry is a message and, after it, the payload as it is: the largest bytes
/// of the log aren't copied into a message first. The index is the key's.
std::string encode_entry_head(const raft::entry& entry);
std::string_view body_of(const raft::entry& entry);
result<raft::entry> decode_entry(log_index index, std::string_view bytes);

} // namespace present::storage
