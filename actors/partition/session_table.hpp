#pragma once

#include "actors/partition/operation.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace present::partition {

/// What is remembered of a write, so that its retry is answered and never
/// applied again (P4).
struct remembered_answer {
  hlc_stamp retry_until;
  hlc_stamp version;
  error_code code = error_code::ok;

  friend bool operator==(const remembered_answer&, const remembered_answer&)
    = default;
};

/// One client's live answers, and the number below which it needs none.
struct client_session {
  operation_number acked_below;
  /// The latest `retry_until` seen: after it no retry can be applied, so the
  /// whole session may be forgotten.
  hlc_stamp live_until;
  std::map<operation_number, remembered_answer> answers;

  friend bool operator==(const client_session&, const client_session&) = default;
};

/// The sessions of one partition: part of the replicated state, so each change
/// depends on the log alone (I2). Kept in memory, written back at checkpoints.
///
/// S1  A live answer is never evicted: a full table refuses new sessions.
/// S2  An answer goes when its client acknowledged it, or when the log's stamp
///     has passed its `retry_until`, whichever comes first in the log.
class session_table {
public:
  explicit session_table(std::size_t max_sessions) : max_sessions_(max_sessions) {}

  enum class standing : std::uint8_t {
    fresh,    ///< never seen: apply it, then `remember`
    repeated, ///< a retry: `previous` is its answer
    expired,  ///< past `retry_until`, or acknowledged: what became of it is gone
    full,     ///< a new session, and there is no room
  };
  struct finding {
    standing is = standing::fresh;
    remembered_answer previous;
  };

  /// What to do with `asked`, stamped `stamp`; also takes in `acked_below`.
  finding admit(const operation& asked, hlc_stamp stamp);

  /// Keeps the answer of an operation that `admit` called fresh.
  void remember(const operation& asked, error_code code, hlc_stamp version);

  /// Forgets what `stamp` has passed, a bounded number of answers per call so
  /// that no entry pays for all of them (P3: chunked, driven by the log).
  void collect(hlc_stamp stamp);

  std::size_t size() const { return sessions_.size(); }
  std::size_t answers() const { return by_expiry_.size(); }
  const client_session* find(client_id client) const;

  /// Sessions changed since the last call, in order; an empty pointer means
  /// that the session is gone.
  std::vector<std::pair<client_id, const client_session*>> take_changed();

  /// Puts back what a checkpoint held.
  void restore(client_id client, client_session session);

private:
  using expiry = std::tuple<hlc_stamp, client_id, operation_number>;

  void acknowledge(client_id client, client_session& session,
                   operation_number below);

  std::size_t max_sessions_;
  std::unordered_map<client_id, client_session> sessions_;
  /// Every live answer by its end. Session ends are here too, as the highest
  /// number, so that they come after the session's last answer.
  std::set<expiry> by_expiry_;
  std::set<client_id> changed_;
};

} // namespace present::partition
