#pragma once

#include "actors/partition/two_phase.hpp"
#include "storage/record.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Who has locked what in a partition, by the records of what has prepared there. In
/// memory; built again from those records.
///
/// K1  A lock goes only with its transaction's record: by its resolution, never by a
///     timer (P8).
/// K2  What is written is locked against readers and writers, what was read, absent
///     keys and ranges too, against writers (P11). Of one that compares that is what
///     either branch would write.
/// K3  The fence under which something has prepared is locked shared (P10): a later token of
///     that lock is known here at once, so that nothing prepares under the earlier one any
///     more; but nobody begins under it before what has prepared is resolved.
///
/// Nothing is looked up while nothing is locked. Not thread-safe.
namespace present::partition {

class lock_table {
public:
  using holder = const storage::prepared_record*; ///< null: nobody. Valid until a change

  bool is_empty() const { return prepared_.empty(); }
  std::size_t size() const { return prepared_.size(); }
  /// Rises whenever somebody's locks go: who waits may look again.
  std::uint64_t releases() const { return releases_; }

  void insert(storage::prepared_record what);
  /// Takes its locks away; nothing if it has none.
  std::optional<storage::prepared_record> take(const operation_id& transaction);

  holder find(const operation_id& transaction) const;
  /// Who writes to it.
  holder writer_of(space_id space, const std::string& key) const;
  holder writer_in(space_id space, const std::string& first, const std::string& last) const;
  /// Who writes to it or has read it.
  holder user_of(space_id space, const std::string& key) const;

  /// Who has prepared under a token of this lock that is below `token` (K3).
  holder relying_on(const storage::key_name& lock, hlc_stamp token) const;
  /// Fences that somebody has let go of since the last call.
  std::vector<storage::key_name> take_fences_left() { return std::exchange(fences_left_, {}); }

  /// Whom any part of `what` has to wait for.
  holder in_the_way_of(const transact& what) const;

  const std::map<operation_id, storage::prepared_record>& all() const { return prepared_; }

private:
  void erase_reads(const storage::prepared_record& what, const operation_id& by);
  void erase_fence(const storage::prepared_record& what, const operation_id& by);

  std::uint64_t releases_ = 0;
  std::map<operation_id, storage::prepared_record> prepared_;
  std::map<storage::key_name, operation_id> writes_;
  std::multimap<storage::key_name, operation_id> reads_;
  std::vector<std::pair<storage::key_range, operation_id>> ranges_;
  std::map<storage::key_name, std::set<std::pair<hlc_stamp, operation_id>>> fences_;
  std::vector<storage::key_name> fences_left_;
};

/// `deed(key)` for what it may write, in either branch.
template <class Deed>
void each_write_of(const storage::prepared_record& what, Deed deed) {
  for (const auto& write : what.writes)
    deed(write.where);
  if (what.otherwise)
    for (const auto& write : what.otherwise->writes)
      deed(write.where);
}

transaction_terms terms_of(const storage::prepared_record& what);

} // namespace present::partition
