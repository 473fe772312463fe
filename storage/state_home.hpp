#pragma once

#include "storage/spool.hpp"
#include "storage/state_backend.hpp"

#include <memory>
#include <optional>

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
/// H4  A condemned state is set aside by the next opening, and never opened again.
///     The last one that was set aside is kept until a next state takes the place.
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

  /// What is there is of no use: the next `open` begins an empty state, and is
  /// `overloaded` while the condemned one is still held.
  virtual void condemn() = 0;

  /// On the disk that the state is on.
  virtual result<std::unique_ptr<spool>> make_spool() = 0;
};

struct opened_state {
  std::shared_ptr<state_backend> state;
  raft::snapshot_mark mark;
  /// Why what was there was of no use; an empty state is there instead.
  std::optional<error> set_aside;
};

/// Opens the state, or an empty one in its place if its file is damaged, or another
/// store's: what it held comes again from the log and from the peers. Errors that
/// this doesn't mend (another cluster's folder, a full disk) are passed on.
result<opened_state> open_usable_state(state_home& home);

} // namespace present::storage
