#pragma once

#include "runtime/base/error.hpp"
#include "storage/digest.hpp"
#include "storage/record.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

/// What lies under a partition's in-memory tables: a durable, ordered set of
/// records and, in the same transaction, the index they stand for (rule 11).
namespace present::storage {

/// Changes in order of key; an empty record is an erasure.
using record_table = std::map<record_key, std::optional<record>>;

/// A frozen table and the end of the log it contains. Immutable, so it may be
/// read by its partition while a writer thread stores it.
struct checkpoint {
  record_table changes;
  raft::snapshot_mark mark;
};
using checkpoint_ptr = std::shared_ptr<const checkpoint>;

/// Called per row in order of key; `false` stops. The row may be moved from.
using row_visitor = std::function<bool(row&&)>;

/// What one step of a scrub found.
struct scrub_report {
  std::uint64_t rows = 0;
  /// Rows whose bytes fail their check.
  std::vector<record_key> damaged;
  /// Set at the end of a pass: buckets whose rows don't add up to what was
  /// written, because one is missing, was changed or came back (P24).
  std::vector<std::uint16_t> wrong_buckets;
  bool pass_complete = false;

  bool is_clean() const { return damaged.empty() && wrong_buckets.empty(); }
};

/// Thread-safety: `get`, `scan` and `applied` from any thread; `write`, `scrub`
/// and `digest` from one thread at a time, at the same time as readers. Each call
/// sees one immutable snapshot (P17) and keeps none after it returns (P18).
///
/// Errors: `damaged` (names file and key) where bytes fail their check,
/// `disk_full` where the file can't grow.
///
/// B1  After `write` returned success, the changes and the mark are durable
///     together; after any error, neither is.
/// B2  The digest stored with a checkpoint is that of all rows as they were
///     written, so a pass of `scrub` finds whatever the file lost since.
class state_backend {
public:
  virtual ~state_backend() = default;

  virtual result<std::optional<record>> get(const record_key& key) const = 0;

  /// Rows of [first, last).
  virtual status scan(const record_key& first, const record_key& last,
                      const row_visitor& visit) const = 0;

  virtual status write(const checkpoint& what) = 0;

  /// The mark of the last checkpoint; index 0 before the first.
  virtual result<raft::snapshot_mark> applied() const = 0;

  /// Of the state at `applied`. Replicas that stored a checkpoint of the same
  /// index compare these.
  virtual state_digest digest() const = 0;

  /// Reads the next rows back and adds them up. A pass goes over all rows in
  /// steps, each a short read, with checkpoints in between; the next pass begins
  /// after the last step of one.
  virtual result<scrub_report> scrub(std::size_t max_rows) = 0;
};

/// A pass from beginning to end: due before a replica may lead or serve after its
/// state was opened (P24). `damaged` says how much is wrong.
status verify(state_backend& backend);

} // namespace present::storage
