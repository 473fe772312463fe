#pragma once

#include "actors/partition/operation.hpp"
#include "actors/partition/step_rules.hpp"
#include "storage/state.hpp"

#include <map>
#include <optional>
#include <string_view>
#include <vector>

/// What a transaction comes to in a state, worked out before anything of it is
/// written: the state is read only.
///
/// D1  Nothing is written unless all of it is: what is refused leaves no trace.
/// D2  A step sees what the steps before it wrote.
/// D3  It depends on the transaction, the stamp and the state alone (P1).
/// D4  What it writes into a space with a policy or a schema was judged of what is there now;
///     else it is refused for now (`overloaded`), and the leader has it judged once more.
///
/// A state that can't be read throws (sound_state.hpp). Not thread-safe; `table` and `rules`
/// outlive it.
namespace present::partition {

class transaction_draft {
public:
  /// `stamp` is the version of what it writes.
  transaction_draft(const storage::state& table, const space_rules& rules, hlc_stamp stamp)
      : table_(table), rules_(rules), stamp_(stamp) {}

  /// Works `what` out: that all is as it was seen, which branch is taken, and its steps.
  /// The answer, with their results; or the refusal, of what has changed, of a step that
  /// can't be done, or of more than `most_bytes` of results. `fails`: a comparison of
  /// another part of it does. Once.
  answer work_out(const transact& what, std::size_t most_bytes, bool fails = false);

  // The same in its stages, for one of which another part may compare otherwise.
  /// The refusal of what has changed; empty: all is as it was seen.
  std::optional<answer> check_seen(const transact& what) const;
  bool holds(const transact& what) const;
  /// `found` null: nothing is judged so far.
  answer work_out_branch(const std::vector<step>& steps, std::size_t most_bytes,
                         const branch_findings* found);

  struct write {
    bool tombstone = false;
    storage::value_ptr bytes;
    std::uint32_t step = 0; ///< the last one that made it so
  };
  /// By key, the last of each.
  const std::map<storage::record_key, write>& writes() const { return writes_; }
  /// Into the state from which it was worked out (D1).
  void install(storage::state& table) const;

private:
  using found_value = std::optional<storage::value_record>;

  std::optional<answer> run(const std::vector<step>& steps, std::size_t most_bytes);
  storage::step_results results() const;
  std::optional<answer> check_rules(const branch_findings& found) const;

  found_value stored(space_id space, std::string_view key) const;
  found_value find(const storage::record_key& key) const;
  bool holds(const comparison& what) const;
  std::optional<answer> check_range(const seen_range& what) const;

  // each adds its result; the refusal, if it can't be done
  std::optional<answer> run(const get_step& what);
  std::optional<answer> run(const scan_step& what);
  std::optional<answer> run(const put_step& what);
  std::optional<answer> run(const remove_step& what);
  std::optional<answer> run(const number_step& what);
  std::optional<answer> run(const element_step& what);
  std::optional<answer> refusal_of_change(space_id space, const std::string& key) const;
  void put_down(storage::record_key key, bool tombstone, storage::value_ptr bytes);
  std::optional<answer> change(const storage::record_key& key, result<std::string> made,
                               bool tells);

  const storage::state& table_;
  const space_rules& rules_;
  const hlc_stamp stamp_;
  std::map<storage::record_key, write> writes_;
  std::vector<storage::step_result> results_;
  std::uint32_t at_step_ = 0;
  std::size_t result_bytes_ = 0;
};

} // namespace present::partition
