#pragma once

#include "actors/transaction/coordinator_machine.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

/// What the runs of a node ask, put together: one request for each leadership, and one
/// batch for all other partitions. A place in the log costs little beside the round that
/// takes it there, so what nobody waits for rides along with what somebody does, or goes
/// by itself after a while.
///
/// Invariants
/// G1  What is asked goes out once, in the order in which it was asked of its leadership; what
///     is joined, in the place of the first of it.
/// G2  What somebody waits for goes when the turn ends; the releases of a transaction that is
///     alone, too: then there is nobody to ride with.
/// G3  Nothing waits for longer than its haste says.
/// G4  Releases wait for about as long as the last ones had to until somebody came with whom
///     to ride; if nobody comes within the longest patience, for the shortest.
///
/// Pure; not thread-safe.
namespace present::transaction {

/// Of releases of locks: about the time in which those whom the same entry has answered
/// come with their next. That is longer the more they are.
inline constexpr time_ms release_patience_ms = 5;
inline constexpr time_ms longest_release_patience_ms = 20;
/// Far below the time after which a decision is driven again.
inline constexpr time_ms forget_patience_ms = 50;

/// What a leadership is asked at once. Of steps that may join, one operation is made.
struct home_request {
  struct ticket {
    std::uint64_t number = 0;
    std::uint32_t place = 0; ///< of the operation whose answer is its answer
  };
  std::vector<operation> operations;
  std::vector<ticket> tickets;
};
/// All of it, in as few requests as the bounds of one allow.
std::vector<home_request> requests_of(std::vector<ask_home> all);

class gathered_asks {
public:
  void push(time_ms now, ask_home&& what) { into(of_homes_[what.whom], now, what); }
  void push(time_ms now, ask_cluster&& what) {
    learn(now, what.hurry);
    into(of_cluster_, now, what);
  }

  /// Takes what goes at the end of a turn.
  struct taken {
    std::map<leadership, std::vector<ask_home>> of_homes;
    std::vector<ask_cluster> of_cluster;
  };
  taken take(time_ms now);

  /// When `take` would have something that waits now.
  std::optional<time_ms> next_due() const;

private:
  template <class Ask>
  struct queue {
    std::vector<Ask> asked;
    std::optional<time_ms> due; ///< of the one that can wait the least
    operation_id releases; ///< whose locks all of it lets go of, if it is one transaction's

    bool may_go(time_ms now) const { return due && (*due <= now || releases != operation_id{}); }
  };

  void learn(time_ms now, haste hurry);

  template <class Ask>
  void into(queue<Ask>& to, time_ms now, Ask& what) {
    const auto patience = what.hurry == haste::now    ? 0
                          : what.hurry == haste::soon ? patience_
                                                      : forget_patience_ms;
    to.due = std::min(to.due.value_or(now + patience), now + patience);
    const auto* release = std::get_if<resolve>(&what.what.what);
    const auto of = release ? release->transaction : operation_id{};
    to.releases = to.asked.empty() || to.releases == of ? of : operation_id{};
    to.asked.push_back(std::move(what));
  }

  std::map<leadership, queue<ask_home>> of_homes_;
  queue<ask_cluster> of_cluster_;
  time_ms patience_ = release_patience_ms;
  std::optional<time_ms> release_since_; ///< the first that nobody has come to ride with
};

} // namespace present::transaction
