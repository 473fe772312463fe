#pragma once

#include "storage/scrub_pass.hpp"
#include "storage/state_backend.hpp"

#include <cstddef>
#include <deque>

/// The state's twin for simulation: a disk with synced and unsynced layers. A
/// write is seen at once and survives a crash once `sync` was called. std only,
/// and for one thread.
namespace present::storage {

class memory_state_backend final : public state_backend {
public:
  result<std::optional<record>> get(const record_key& key) const override;
  status scan(const record_key& first, const record_key& last,
              const row_visitor& visit) const override;
  status write(const checkpoint& what) override;
  result<raft::snapshot_mark> applied() const override;
  state_digest digest() const override { return seen_.digest; }
  result<scrub_report> scrub(std::size_t max_rows) override;

  // -- the disk ----------------------------------------------------------------

  /// Makes the oldest `writes` durable; all of them by default.
  void sync(std::size_t writes = SIZE_MAX);
  std::size_t unsynced() const { return pending_.size(); }

  /// Power loss and restart: what wasn't synced is gone, but for the oldest
  /// `survivors`.
  void crash(std::size_t survivors = 0);

  /// The next write fails with `problem` and changes nothing.
  void fail_next(error problem) { failure_ = std::move(problem); }

  /// Reads of this record answer `damaged` from now on, until it is written
  /// again. False if there is no such record.
  bool damage(const record_key& key);

  /// The disk forgets this row, and doesn't know. False if there is none.
  bool lose(const record_key& key);

private:
  struct cell {
    record what;
    bool damaged = false;
  };
  struct image {
    std::map<record_key, cell> rows;
    raft::snapshot_mark mark;
    state_digest digest;
  };

  static void apply(image& disk, scrub_pass& pass, const checkpoint& what);

  image seen_;
  image durable_;
  scrub_pass pass_; ///< over `seen_`
  std::deque<checkpoint> pending_;
  std::optional<error> failure_;
};

} // namespace present::storage
