#pragma once

#include "storage/log_entry.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace present::raft {

/// What an entry costs in memory and on a link.
std::size_t bytes_of(const entry& item);

/// The log as the machine thinks about it:
///
///   base            tail_first                       last
///    |  only size and   |  entries in memory           |
///    |  term are known  |                              |
///    +------------------+--------+---------------------+
///  replaced by                durable: on this replica's disk
///  a snapshot
///
/// Older entries than the tail are in the journal. Sizes cost four bytes an
/// entry, terms one record a leadership, configurations one record a change.
///
/// L1  base <= durable <= last, but for a base that is itself not yet durable.
/// L2  Entries that are not durable are in memory.
/// L3  Terms never fall along the log.
class raft_log {
public:
  explicit raft_log(const recovered_state& found);

  log_index base() const { return base_.index; }
  log_index last() const;
  term last_term() const;
  log_position last_position() const { return {last(), last_term()}; }
  log_index durable() const { return durable_; }
  log_index tail_first() const;

  /// Nothing for what is before the base or behind the end.
  std::optional<term> term_at(log_index index) const;
  bool matches(log_index index, term at_term) const;

  /// Rule 8: the last entry at or before `from` whose term is at most `limit`.
  /// Whoever holds (from, limit) can agree with us up to there at best.
  log_position last_at_most(log_index from, term limit) const;

  /// In memory, from `first` on, up to either limit but at least one.
  std::vector<entry> slice(log_index first, std::size_t max_entries,
                           std::size_t max_bytes) const;
  std::size_t size_at(log_index index) const;

  void append(entry item);
  void truncate_from(log_index first);
  void become_durable(log_index index);

  /// Lets go of memory beyond `max_bytes`, not of anything after `through`.
  void evict(log_index through, std::size_t max_bytes);
  /// The log now starts after `index`, which it holds.
  void compact(log_index index);
  /// The log now is empty and starts after `mark`.
  void reset(const snapshot_mark& mark);

  /// The configuration in effect, which is the last in the log (rule 6), and
  /// where it stands.
  const configuration& members() const { return members_.back().members; }
  log_index members_index() const { return members_.back().index; }
  const configuration& members_at(log_index index) const;
  /// For an index that the log holds, or its base.
  snapshot_mark mark_at(log_index index) const;

private:
  struct leadership {
    log_index first;
    term number;
  };
  struct membership {
    log_index index;
    configuration members;
  };

  snapshot_mark base_;
  std::deque<entry> tail_;
  std::size_t tail_bytes_ = 0;
  std::deque<std::uint32_t> sizes_;   // of every entry after the base
  std::vector<leadership> terms_;     // ascending, of entries after the base
  std::vector<membership> members_;   // ascending; the first is the base's
  log_index durable_;
};

} // namespace present::raft
