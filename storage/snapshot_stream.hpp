#pragma once

#include "storage/spool.hpp"
#include "storage/state_backend.hpp"

#include <cstdint>

/// A partition's durable state as a sequence of bytes and back:
///
///     length:4 head | length:4 block | length:4 block | ...
///
/// The head says which state it is, and the blocks are all of its rows in order of
/// key (schemas/snapshot.capnp). The same state gives the same bytes on every
/// replica: records are in clear, and each replica seals them for itself (P26).
namespace present::storage {

struct snapshot_facts {
  raft::snapshot_mark mark;
  std::uint64_t digest = 0; ///< over all bytes; never 0
  std::uint64_t bytes = 0;
};

/// Puts the state as of its last checkpoint down in `to`. No checkpoint may be
/// written meanwhile: called on the writer's thread. A state whose rows don't add
/// up to its digests is `damaged`, and not sent (P24).
result<snapshot_facts> write_snapshot(const state_backend& from,
                                      partition_id whose, spool& to);

/// Fills an empty state with what `from` holds. Success: all of it has arrived, is
/// what the sender had, and is durable, mark included. Any error leaves a state
/// without a mark, which is of no use: `damaged` if the bytes aren't those that
/// `expected` names, `invalid` if they are of a newer program.
status load_snapshot(const spool& from, const snapshot_facts& expected,
                     partition_id whose, state_backend& into);

} // namespace present::storage
