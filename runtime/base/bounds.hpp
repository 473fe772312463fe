#pragma once

#include <cstddef>
#include <cstdint>

/// Every limit in one place, with its arithmetic (INTERFACE.md, *Limits*).
/// Bytes unless the name says otherwise.
namespace present::bounds {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;

// -- what users see ----------------------------------------------------------

/// LMDB takes keys of up to 511 bytes. Ours add a kind (1), a space (4), the end
/// mark of an escaped key (2) and a version (8), and escaping a zero byte costs
/// one byte more each, so the longest stored key is checked again when encoded.
inline constexpr std::size_t max_key = 400;
inline constexpr std::size_t max_space_name = 64;
/// Ranges that a space begins with; evenly cut by the first byte of keys.
inline constexpr std::size_t max_space_pieces = 256;
/// Besides the root. Each has a replica's memory and an environment on each of three
/// nodes.
inline constexpr std::uint32_t max_founding_partitions = 1024;
/// "host:port"; a DNS name has up to 253 bytes.
inline constexpr std::size_t max_address = 260;
inline constexpr std::size_t max_value = 1 * mib;
inline constexpr std::size_t max_request_operations = 1000;
/// Transactions of which one operation tells a partition how they ended.
inline constexpr std::size_t max_aftermath = max_request_operations;
inline constexpr std::size_t max_request = 4 * mib;
inline constexpr std::size_t max_scan_page = 1000;
/// Keys and rows that a transaction names; bytes of its keys, values and operands.
inline constexpr std::size_t max_transaction_keys = 10'000;
inline constexpr std::size_t max_transaction = 8 * mib;
/// What the steps of one that writes may read: it is remembered with its answer (P4).
inline constexpr std::size_t max_transaction_results = 64 * kib;
/// Of a key; a write looks through them all.
inline constexpr std::uint32_t max_versions_kept = 100;
/// A deleted key's tombstone, and its earlier versions, go after a day.
inline constexpr std::uint64_t tombstone_lifetime_ms = 24ull * 60 * 60 * 1000;
/// What one answer to a watch brings, unless a single change is larger; how long it waits
/// for one; and the token of a watch over all partitions there may be.
inline constexpr std::size_t watch_buffer = 1 * mib;
inline constexpr std::uint32_t max_watch_wait_ms = 60'000;
inline constexpr std::size_t max_watch_token = 48 * kib;
inline constexpr std::uint32_t default_deadline_ms = 10'000;
inline constexpr std::size_t max_sessions_per_identity = 10'000;

// -- one partition -----------------------------------------------------------

/// One log entry carries one batch: a request always fits, and several gather.
inline constexpr std::size_t max_entry = 2 * max_request;
inline constexpr std::size_t max_entry_operations = 4 * max_request_operations;

/// Proposed and not yet committed. Beyond it the partition says `overloaded`.
inline constexpr std::size_t max_uncommitted = 32 * mib;
/// Admitted and waiting for the append in flight.
inline constexpr std::size_t max_gathered = 16 * mib;

/// Operations whose caller waits for an answer on one session.
inline constexpr std::size_t max_session_inflight = 20'000;

/// Changes that a replica keeps for watches to go on from: keys, values and what they
/// take besides. A watch that is further behind has to list again.
inline constexpr std::size_t watch_window = 4 * mib;
static_assert(watch_window > watch_buffer + max_value);

// -- snapshots ---------------------------------------------------------------

/// What one message carries of a snapshot. A round trip each: at 1 ms, 256 MB/s.
inline constexpr std::size_t snapshot_part = 256 * kib;
/// Rows gather in blocks of about this size; one row may be larger.
inline constexpr std::size_t snapshot_block = 64 * kib;
/// The largest block that is read. The largest rows are values and sessions with
/// an answer (48 bytes) per operation in flight, about 1 MiB each.
inline constexpr std::size_t max_snapshot_block = 16 * mib;
static_assert(max_snapshot_block > snapshot_block + 2 * max_value);
/// Rows of an arriving snapshot that go to the disk with one commit (P27).
inline constexpr std::size_t snapshot_load = 32 * mib;

// -- network -----------------------------------------------------------------

/// One RPC message: the largest entry and its envelopes; those of the places of a
/// transaction are 96 bytes each.
inline constexpr std::size_t max_rpc_message = max_entry + 2 * mib;
static_assert(max_rpc_message - max_entry > 96 * max_transaction_keys + 1 * mib - 96 * kib);
/// Raft messages that wait for a link; two of the largest entries. More is dropped.
inline constexpr std::size_t max_link_gathered = 2 * max_entry;

/// Cap'n Proto counts words of 8 bytes, and lists that point twice to the same
/// bytes count twice; four times the message is far above any honest reading.
inline constexpr std::uint64_t rpc_traversal_words = 4 * max_rpc_message / 8;
inline constexpr int rpc_nesting_depth = 16;

} // namespace present::bounds
