#pragma once

#include "storage/state.hpp"

#include <cstdint>
#include <map>
#include <optional>

/// What values were before they were replaced or removed, as far as their spaces keep it,
/// and when tombstones go. All of it is records of the state, and follows from what is
/// put there (P1): whoever writes a value need not know of it.
///
///     put ──▶ the value there becomes a past one ──▶ past the number kept: the oldest goes
///     remove ──▶ the same, and a tombstone in its place ──▶ a day later: gone, with its past
///
/// V1  A read at a stamp finds what was there then, or that nothing was, or that it isn't
///     known any more: never another version.
/// V2  What goes, goes as an entry is applied, by that entry's stamp and the state alone,
///     and a bounded amount at once (P3).
/// V3  A space that keeps one version costs a write nothing, a removal one row.
///
/// A state that can't be read throws (sound_state.hpp). Pure; not thread-safe; `table`
/// outlives it.
namespace present::partition {

class value_history final : public storage::value_keeper {
public:
  explicit value_history(storage::state& table);
  ~value_history() override { table_.keep_values_with(nullptr); }
  value_history(const value_history&) = delete;
  value_history& operator=(const value_history&) = delete;

  /// How many versions of a key each space keeps; 1 if it isn't among them.
  void keep(std::map<space_id, std::uint32_t> versions) { versions_ = std::move(versions); }

  void before_put(const storage::record_key& key, storage::value_record& value) override;

  struct past {
    bool is_known = true;
    std::optional<storage::value_record> value; ///< empty: the key was absent
  };
  /// What was under the key at a stamp up to the latest applied; `now` is what is there.
  result<past> at(const storage::record_key& key, const std::optional<storage::value_record>& now,
                  hlc_stamp stamp) const;

  /// Call when an entry is applied: lets some of what is due go.
  void collect(hlc_stamp latest);

  /// Tombstones up to here may be gone: of keys that aren't there nothing is known before.
  hlc_stamp collected() const { return collected_; }
  void restore(hlc_stamp collected);

private:
  std::uint32_t versions_of(space_id space) const;
  void prune(const storage::record_key& key, std::size_t most);
  void erase_past(space_id space, std::string_view key);
  void find_oldest_tombstone();

  storage::state& table_;
  std::map<space_id, std::uint32_t> versions_;
  hlc_stamp collected_;
  std::optional<hlc_stamp> oldest_tombstone_; ///< that is to go
};

} // namespace present::partition
