#pragma once

#include "storage/spool.hpp"
#include "storage/state_backend.hpp"

#include <memory>

namespace present::storage {

/// Where a partition's state is kept, and beside it room for the one that is to
/// take its place: an installed snapshot replaces the whole state at once (P18).
///
///     open ─▶ state ◀──────── replace ──┐
///             open_next ─▶ next state ──┘
///
/// H1  A crash at any point leaves either state, whole; a next state that has not
///     taken the place is gone when the state is opened again.
/// H2  After `replace` returned success the next state has taken the place,
///     durably.
/// H3  There is one opening of a state at a time (LMDB's law): `open` hands out
///     the one that is held, `replace` is refused while there is one.
///
/// Thread-safe, but for `open_next` and `replace`, which are one thread's.
class state_home {
public:
  virtual ~state_home() = default;

  virtual result<std::shared_ptr<state_backend>> open() = 0;

  /// An empty state; an earlier one that wasn't used is dropped.
  virtual result<std::unique_ptr<state_backend>> open_next() = 0;

  /// The next state, which must be closed by now, takes the place of the state.
  /// `overloaded` while that is still held.
  virtual status replace() = 0;

  /// All of it goes: the partition has left this node. `overloaded` while it is held.
  /// Idempotent.
  virtual status remove() = 0;

  /// On the disk that the state is on.
  virtual result<std::unique_ptr<spool>> make_spool() = 0;
};

} // namespace present::storage
