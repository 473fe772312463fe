#pragma once

#include "actors/partition/open_requests.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace present::partition {

/// What the write's author knew; null of all else.
inline const write_context* context_of(const operation& asked) {
  if (const auto* what = std::get_if<put>(&asked.what))
    return &what->knows;
  if (const auto* what = std::get_if<remove_key>(&asked.what))
    return &what->knows;
  return nullptr;
}

/// The highest stamp among what its writes come after (C5).
inline hlc_stamp cause_of(const request& what) {
  hlc_stamp highest;
  for (const auto& asked : what.operations)
    if (const auto* knows = context_of(asked); knows && knows->after)
      highest = std::max(highest, *knows->after);
  return highest;
}

/// What the request's entry has to be stamped above: what its client has seen (P23),
/// and what other partitions have stamped of its transactions (P22).
inline hlc_stamp stamp_below(const request& what) {
  auto highest = std::max(what.seen, cause_of(what));
  for (const auto& asked : what.operations) {
    highest = std::max(highest, asked.reads_at());
    if (const auto* decision = std::get_if<resolve>(&asked.what))
      highest = std::max(highest, decision->stamp);
    else if (const auto* all = std::get_if<aftermath>(&asked.what))
      for (const auto& one : all->resolved)
        highest = std::max(highest, one.stamp);
    else if (const auto* decided = std::get_if<decide>(&asked.what))
      for (const auto& other : decided->others)
        highest = std::max(highest, other.stamp);
  }
  return highest;
}

/// Says of the writes that waited for their causes, and met nothing else, that they did.
inline void note_waiting(const request& asked, response& given) {
  for (std::size_t place = 0; place < given.answers.size(); ++place)
    if (const auto* knows = context_of(asked.operations[place]);
        knows && knows->after && !given.answers[place].conflict)
      given.answers[place].conflict
        = conflict::note{conflict::conflict_kind::temporal, conflict::outcome_kind::wait_for};
}

/// Requests whose writes come after something that the partition hasn't seen (C5): kept at
/// the leader, outside of the log, until it has, or until their deadline. Bounded by
/// whoever admits. H1: each leaves it once.
class held_requests {
public:
  struct held {
    request_tag tag = 0;
    std::shared_ptr<const request> what;
    bool is_traced = false;
    hlc_stamp seen;
    time_ms arrived = 0;
    time_ms deadline = 0;
    std::optional<term> only_in = {}; ///< a coordinator's: it is of that term
  };

  void hold(hlc_stamp until, held what) { all_.emplace(until, std::move(what)); }

  /// The next whose cause is at or below `latest`.
  std::optional<held> take_ready(hlc_stamp latest) {
    return all_.empty() || all_.begin()->first > latest ? std::nullopt : take(all_.begin());
  }
  std::optional<held> take_late(time_ms now) {
    const auto late = soonest();
    return late == all_.end() || late->second.deadline > now ? std::nullopt : take(late);
  }
  std::optional<held> take_any() {
    return all_.empty() ? std::nullopt : take(all_.begin());
  }

  std::optional<time_ms> next_deadline() const {
    const auto first = soonest();
    return first == all_.end() ? std::nullopt : std::optional{first->second.deadline};
  }
  std::size_t size() const { return all_.size(); }

private:
  using by_cause = std::multimap<hlc_stamp, held>;

  /// Mostly there is none; a look at each is cheap beside a second order of them.
  by_cause::const_iterator soonest() const {
    return std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
      return a.second.deadline < b.second.deadline;
    });
  }
  std::optional<held> take(by_cause::const_iterator place) {
    return std::move(all_.extract(place).mapped());
  }

  by_cause all_;
};

} // namespace present::partition
