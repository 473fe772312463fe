#pragma once

#include "actors/partition/operation.hpp"
#include "runtime/base/bounds.hpp"

#include <cstdint>
#include <deque>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace present::partition {

/// What is remembered of a write, so that its retry is answered and never
/// applied again (P4).
struct remembered_answer {
  operation_number number;
  hlc_stamp retry_until;
  hlc_stamp version;
  error_code code = error_code::ok;
  bool otherwise = false;      ///< of a transaction, as are its steps
  storage::step_results steps;
  std::optional<conflict::note> conflict = {};

  friend bool operator==(const remembered_answer& a, const remembered_answer& b) {
    return a.number == b.number && a.retry_until == b.retry_until && a.version == b.version
           && a.code == b.code && a.otherwise == b.otherwise
           && storage::same_results(a.steps, b.steps)
           && a.conflict == b.conflict;
  }
};

/// About what they take in memory.
std::size_t bytes_of(const storage::step_results& results);

/// One client's live answers, and the number below which it needs none.
struct client_session {
  operation_number acked_below;
  /// The latest `retry_until` of its answers: after it no retry can be applied,
  /// so the whole session may be forgotten.
  hlc_stamp live_until;
  std::deque<remembered_answer> answers; ///< rising numbers
  /// What `operation::fingerprint` says in each of its operations.
  std::uint64_t fingerprint = 0;
  /// Its client has asked for `end_session`.
  bool ended = false;

  friend bool operator==(const client_session&, const client_session&) = default;
};

/// The same on every replica: what is refused is part of what applying means.
struct session_limits {
  std::size_t sessions = bounds::max_sessions_per_identity;
  /// Of the sessions with a fingerprint, which have an answer or few, but live for
  /// minutes: about 300 bytes each.
  std::size_t named_sessions = 200'000;
  /// A client whose one operation hangs can't acknowledge what it started
  /// since: five times what it may have under way.
  std::size_t answers_per_session = 5 * bounds::max_session_inflight;
  /// About 64 bytes each.
  std::size_t answers = 1'000'000;
  /// What transactions have read and are told again: beyond it no other is taken,
  /// until clients acknowledge.
  std::size_t result_bytes = 64 * bounds::mib;
};

/// The sessions of one partition: part of the replicated state, so each change
/// depends on the log alone. Kept in memory, written back at checkpoints.
///
/// S1  A live answer is never evicted: a full table refuses new ones (P4).
/// S2  An answer goes when its client acknowledged it, or when the log's stamp
///     has passed its `retry_until`: with the session's next write, or with the
///     session.
/// S3  A session has an answer when it begins, and ends when the log's stamp has
///     passed the last of its `retry_until`: none is left that nothing removes.
/// S4  Which sessions are there depends on the operations admitted and the stamps
///     alone, not on when the table was last written back and restored.
/// S5  Operations of one client id have one fingerprint: what is asked under a name
///     that was used for something else is not applied.
/// S6  A session that has ended stays so until nothing of it can come any more: until the
///     last of its `retry_until` has passed, of which its end's is the last.
///
/// An operation costs one look-up by client and one at the end of its answers;
/// only sessions are sorted by their end, and are sorted in again when that end
/// comes near, not with each operation.
class session_table {
public:
  explicit session_table(const session_limits& limits) : limits_(limits) {}

  enum class standing : std::uint8_t {
    fresh,    ///< never seen: apply it, then `remember`
    repeated, ///< a retry: `previous` is its answer
    expired,  ///< past `retry_until`, or acknowledged: what became of it is gone
    full,     ///< there is no room for its answer
    too_far,  ///< `retry_until` is beyond max_retry_window_ms
    other,    ///< its fingerprint is not the session's
  };
  struct finding {
    standing is = standing::fresh;
    remembered_answer previous;
  };

  /// What to do with `asked`, stamped `stamp`; also takes in `acked_below`.
  finding admit(const operation& asked, hlc_stamp stamp);

  /// Keeps the answer of an operation that `admit` called fresh.
  void remember(const operation& asked, error_code code, hlc_stamp version) {
    remember(asked, remembered_answer{{}, {}, version, code, false, nullptr});
  }
  /// The same with what only transactions have; number and end are the operation's.
  void remember(const operation& asked, remembered_answer known);

  /// Forgets sessions that `stamp` has passed, a bounded number per call so that
  /// no entry pays for all of them (P3: chunked, driven by the log).
  void collect(hlc_stamp stamp);

  std::size_t size() const { return sessions_.size(); }
  std::size_t named() const { return named_; }
  std::size_t answers() const { return answers_; }
  std::size_t result_bytes() const { return result_bytes_; }
  const client_session* find(client_id client) const;
  /// Null if it isn't remembered.
  const remembered_answer* find_answer(const operation_id& of) const;

  /// Sessions changed since the last call, in order; an empty pointer means
  /// that the session is gone.
  std::vector<std::pair<client_id, const client_session*>> take_changed();

  /// Puts back what a checkpoint held.
  void restore(client_id client, client_session session);

private:
  struct entry {
    client_session session;
    bool changed = false; ///< and so in `changed_`
  };

  bool has_room_for_results(const operation& asked) const;
  bool has_room_for_session(const operation& asked) const;
  bool acknowledge(client_session& session, operation_number below,
                   hlc_stamp stamp);
  void note_change(client_id client, entry& what);

  session_limits limits_;
  std::unordered_map<client_id, entry> sessions_;
  std::size_t answers_ = 0;
  std::size_t result_bytes_ = 0;
  std::size_t named_ = 0; ///< sessions with a fingerprint
  /// One per session, at its end or before: ends only rise, so a session that
  /// comes up here early is sorted in again.
  std::set<std::pair<hlc_stamp, client_id>> ends_;
  std::vector<client_id> changed_;
};

} // namespace present::partition
