#pragma once

#include "actors/partition/operation.hpp"
#include "actors/partition/session_table.hpp"
#include "storage/state.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace present::partition {

/// What all replicas of a partition agree on: the values, spaces and sessions
/// that follow from the log, and nothing else. It knows neither time nor role.
///
/// Invariants
/// A1  What `apply` does depends on the entry and the state alone (P1), so that
///     machines which applied the same entries are equal, also if one of them was
///     written back and restored on the way.
/// A2  Stamps rise from entry to entry; an entry that breaks this is not applied.
/// A3  An operation takes effect at most once, whatever it is asked (P4).
/// A4  What is removed is removed by the log, a bounded amount per entry (P3).
///
/// A state that can't be read throws `invariant_violation`: going on would make
/// this replica differ from the others, so it stops and is rebuilt (rule 14).
/// Not thread-safe: owned by one partition. `table` outlives it.
class state_machine {
public:
  /// Rebuilds spaces and sessions from what `table` holds.
  state_machine(partition_id id, const session_limits& limits,
                storage::state& table);

  /// The answers, one per operation in their order.
  std::vector<answer> apply(const entry_batch& batch);

  answer read(const get& asked) const;
  answer read(const scan& asked) const;

  /// Highest stamp applied.
  hlc_stamp latest() const { return latest_; }
  map_epoch epoch() const { return epoch_; }
  const session_table& sessions() const { return sessions_; }
  const std::map<std::string, space_id>& spaces() const { return spaces_; }

  /// Some keys of dropped spaces are still to go: each entry takes a part of
  /// them along, also one without operations.
  bool is_collecting() const { return !dropped_.empty(); }

  /// Puts what lives outside the table (sessions) into it: call before
  /// `table.freeze()`, so that one checkpoint holds all of the state.
  void write_back();

private:
  answer apply_write(const operation& asked, hlc_stamp stamp);
  answer apply_fresh(const operation& asked, hlc_stamp stamp);
  answer apply_what(const put& asked, hlc_stamp stamp);
  answer apply_what(const remove_key& asked, hlc_stamp stamp);
  answer apply_what(const create_space& asked, hlc_stamp stamp);
  answer apply_what(const drop_space& asked, hlc_stamp stamp);
  void collect_dropped_space();
  bool has_space(space_id space) const { return space_records_.contains(space); }
  void restore();
  void restore_space(storage::space_record space);
  void restore_session(const storage::session_record& record);

  const partition_id id_;
  storage::state& table_;
  hlc_stamp latest_;
  session_table sessions_;
  std::map<std::string, space_id> spaces_;
  std::unordered_map<space_id, storage::space_record> space_records_;
  std::set<space_id> dropped_; ///< spaces whose keys are still to go
  space_id next_space_{1};
  map_epoch epoch_{1};
};

} // namespace present::partition
