#pragma once

#include "storage/place_index.hpp"
#include "storage/state_backend.hpp"

#include <cstddef>
#include <span>
#include <vector>

/// One partition's state: three layers, read from the top.
///
///     active   what was applied since the last freeze; changes
///     frozen   what a writer thread is storing; immutable
///     backend  what is durable
///
///     put, erase, edit ─▶ active ──freeze()──▶ frozen ──write──▶ backend
///                                                └─release_frozen()─▶ gone
///
/// S1  A key reads as its topmost layer says; an erasure there hides the rest.
/// S2  `frozen` is never changed, and is dropped only after the backend holds it;
///     while both hold it they say the same, so a read in between is the same.
/// S3  At most one frozen table: `freeze` before `release_frozen` is refused.
/// S4  A read is one call on the owner's thread, so it sees one immutable triple
///     (P17).
/// S5  Between `close` and `reopen`, while another state takes the backend's place,
///     nothing is read or written.
/// S6  `places_` has each key of `active`, and no other: one that is asked for by itself
///     is found by its hash, wherever it stands in the order.
///
/// std only. Not thread-safe: used by the partition's thread alone; only the
/// `checkpoint` it hands out travels.
namespace present::storage {

/// A value as it was put.
struct value_change {
  record_key key;
  value_record value;
};

/// Hears of each value before it is put, and may put other records because of it.
class value_keeper {
public:
  virtual ~value_keeper() = default;
  virtual void before_put(const record_key& key, value_record& value) = 0;
};

class state {
public:
  /// `backend` outlives the state.
  explicit state(state_backend& backend) : backend_(&backend) {}
  state(state&&) = default; // not copied: S6 is by address
  state& operator=(state&&) = default;

  /// A copy (a value's bytes are shared); nothing where there is no record.
  /// Tombstones are records.
  result<std::optional<record>> get(const record_key& key) const;

  /// As `get`, for a caller that knows the alternative. Another one under this
  /// key breaks the order of keys.hpp: `damaged`.
  template <class Record>
  result<std::optional<Record>> get_as(const record_key& key) const;

  /// The record in the active table, brought up from below if need be, to be
  /// changed in place: a session's answers aren't copied for each operation.
  /// Null where there is none. Valid until the next call of `erase` of the key
  /// or of `freeze`.
  result<record*> edit(const record_key& key);

  void put(record_key key, record what);

  /// From now on `who` hears of values before they are put; null: nobody does.
  void keep_values_with(value_keeper* who) { keeper_ = who; }
  /// From now on values that are put are told to `to`, too, in their order; null: to
  /// nobody.
  void tell_changes(std::vector<value_change>* to) { changes_ = to; }

  /// Leaves nothing, not even a tombstone.
  void erase(record_key key);

  /// These are about to be read or written: those that aren't in the processor's caches
  /// come there together, instead of one after the other. Changes nothing.
  void fetch(std::span<const record_key> keys) const {
    if (active_bytes_ >= worth_fetching)
      places_.fetch(keys);
  }

  /// Rows of [first, last) in order of key, tombstones included, until `visit`
  /// returns false. `visit` must not change this state.
  status visit(const record_key& first, const record_key& last,
               const row_visitor& visit) const;

  /// The first `limit` rows of [first, last), tombstones included.
  result<std::vector<row>> scan(const record_key& first,
                                const record_key& last,
                                std::size_t limit) const;

  /// Of everything, read from all layers: for comparing replicas at the same
  /// index, in tests and at logged markers. Costs a scan.
  result<state_digest> digest() const;

  /// Freezes the active table as everything up to `mark`. Refused (`overloaded`)
  /// while a frozen table is there. The checkpoint goes to a writer thread,
  /// which passes it to `state_backend::write`; a failed write may be repeated.
  result<checkpoint_ptr> freeze(raft::snapshot_mark mark);

  /// The backend holds the frozen table now.
  void release_frozen() { frozen_.reset(); }

  bool is_frozen() const { return frozen_ != nullptr; }

  /// The backend is about to be replaced: lets go of it and of both tables (S5).
  void close();
  void reopen(state_backend& backend);

  /// Changed keys in the active table, and roughly their bytes: what tells the
  /// owner that it is time to freeze (P27).
  std::size_t active_count() const { return active_.size(); }
  std::size_t active_bytes() const { return active_bytes_; }

private:
  void set(record_key key, std::optional<record> what);
  place_index::place& make_place(record_key key);
  void drop_active();
  state_backend& open_backend() const;

  /// Smaller tables are in the caches anyway.
  static constexpr std::size_t worth_fetching = 512 * bounds::kib;

  state_backend* backend_; ///< null: closed
  record_table active_;
  place_index places_; ///< of `active_` (S6)
  std::size_t active_bytes_ = 0;
  checkpoint_ptr frozen_;
  std::vector<value_change>* changes_ = nullptr;
  value_keeper* keeper_ = nullptr;
};

template <class Record>
result<std::optional<Record>> state::get_as(const record_key& key) const {
  auto found = get(key);
  if (!found)
    return found.problem();
  if (!*found)
    return std::optional<Record>{};
  if (auto* wanted = std::get_if<Record>(&**found))
    return std::optional<Record>{std::move(*wanted)};
  return make_error(error_code::damaged,
                    "a record of another kind than its key says");
}

} // namespace present::storage
