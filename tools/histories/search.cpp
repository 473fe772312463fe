#include "tools/histories/search.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace present::histories {

namespace {

/// Calls and returns of the steps that aren't placed yet, in the order of time, as
/// a list from which a step is lifted and to which it comes back (Knuth's dancing
/// links). Steps of unknown outcome aren't in it.
class timeline {
public:
  explicit timeline(const std::vector<step>& steps) : events_of_(steps.size()) {
    struct event {
      std::uint64_t at;
      bool is_return;
      std::size_t place;
    };
    std::vector<event> events;
    for (std::size_t place = 0; place < steps.size(); ++place)
      if (steps[place].returned != never) {
        events.push_back({steps[place].called, false, place});
        events.push_back({steps[place].returned, true, place});
      }
    // Equal times overlap: calls come first.
    std::stable_sort(events.begin(), events.end(), [](const event& a, const event& b) {
      return a.at != b.at ? a.at < b.at : a.is_return < b.is_return;
    });
    entries_.resize(events.size() + 1);
    for (std::size_t number = 1; number <= events.size(); ++number) {
      const auto& from = events[number - 1];
      entries_[number] = {number - 1, (number + 1) % entries_.size(), from.place, from.at,
                          from.is_return};
      auto& own = events_of_[from.place];
      (from.is_return ? own.returned : own.called) = number;
    }
    entries_[0] = {events.size(), entries_.size() > 1 ? 1U : 0U, 0, never, true};
  }

  bool is_empty() const { return entries_[0].next == 0; }

  /// The first return: what has to be placed before all that is called after it.
  std::size_t first() const { return entries_[0].next; }
  std::size_t after(std::size_t event) const { return entries_[event].next; }
  bool is_call(std::size_t event) const { return !entries_[event].is_return; }
  std::size_t place_of(std::size_t event) const { return entries_[event].place; }
  std::uint64_t time_of(std::size_t event) const { return entries_[event].at; }

  std::size_t first_return() const {
    auto event = first();
    while (is_call(event))
      event = after(event);
    return event;
  }

  void lift(std::size_t place) {
    take_out(events_of_[place].called);
    take_out(events_of_[place].returned);
  }
  void put_back(std::size_t place) {
    put_in(events_of_[place].returned);
    put_in(events_of_[place].called);
  }

private:
  struct entry {
    std::size_t previous = 0;
    std::size_t next = 0;
    std::size_t place = 0;
    std::uint64_t at = 0;
    bool is_return = false;
  };
  struct own_events {
    std::size_t called = 0;
    std::size_t returned = 0;
  };

  void take_out(std::size_t event) {
    const auto& gone = entries_[event];
    entries_[gone.previous].next = gone.next;
    entries_[gone.next].previous = gone.previous;
  }
  void put_in(std::size_t event) {
    const auto& back = entries_[event];
    entries_[back.previous].next = event;
    entries_[back.next].previous = event;
  }

  std::vector<entry> entries_; ///< 0: before the first and behind the last
  std::vector<own_events> events_of_;
};

/// Steps of unknown outcome: of those that are alike the first called is taken
/// first, so that how many of each sort are placed says which.
class unknown_steps {
public:
  explicit unknown_steps(const std::vector<step>& steps) {
    std::unordered_map<std::uint32_t, std::size_t> sort_of;
    for (std::size_t place = 0; place < steps.size(); ++place) {
      if (steps[place].returned != never)
        continue;
      const auto [there, is_new] = sort_of.try_emplace(steps[place].alike, sorts_.size());
      if (is_new)
        sorts_.emplace_back();
      sorts_[there->second].push_back(place);
    }
    for (auto& sort : sorts_)
      std::stable_sort(sort.begin(), sort.end(), [&](std::size_t a, std::size_t b) {
        return steps[a].called < steps[b].called;
      });
    taken_.resize(sorts_.size());
  }

  std::size_t sorts() const { return sorts_.size(); }
  std::optional<std::size_t> next_of(std::size_t sort) const {
    return taken_[sort] < sorts_[sort].size()
             ? std::optional{sorts_[sort][taken_[sort]]} : std::nullopt;
  }
  void take(std::size_t sort) { ++taken_[sort]; }
  void give_back(std::size_t sort) { --taken_[sort]; }
  const std::vector<std::uint32_t>& taken() const { return taken_; }

private:
  std::vector<std::vector<std::size_t>> sorts_;
  std::vector<std::uint32_t> taken_;
};

/// What was reached before. The steps that overlap the first return and aren't
/// placed say which are; with them the state, and how many unknown ones it took.
class seen_configurations {
public:
  bool is_new(const std::string& known, const std::vector<std::uint32_t>& unknown) {
    auto& earlier = seen_[known];
    for (const auto& one : earlier)
      if (std::equal(one.begin(), one.end(), unknown.begin(), std::less_equal<>{}))
        return false;
    earlier.push_back(unknown);
    ++count_;
    return true;
  }
  std::size_t count() const { return count_; }

private:
  std::unordered_map<std::string, std::vector<std::vector<std::uint32_t>>> seen_;
  std::size_t count_ = 0;
};

class depth_first {
public:
  depth_first(sequential_model& model, std::size_t bound)
      : model_(model), steps_(model.steps()), bound_(bound), timeline_(steps_),
        unknown_(steps_) {}

  search_result run() {
    for (;;) {
      settle();
      if (timeline_.is_empty())
        return finish(search_result::end::found);
      note_depth();
      if (seen_.is_new(configuration(), unknown_.taken()))
        open_.push_back({trail_.size(), choices(), 0});
      if (seen_.count() > bound_)
        return finish(search_result::end::gave_up);
      if (!go_on())
        return finish(search_result::end::none);
    }
  }

private:
  struct choice {
    std::size_t place = 0;
    std::optional<std::size_t> sort; ///< of an unknown one
  };
  struct junction {
    std::size_t trail = 0; ///< how much was placed
    std::vector<choice> choices;
    std::size_t next = 0;
  };

  void place(const choice& what) {
    model_.apply(what.place);
    if (what.sort)
      unknown_.take(*what.sort);
    else
      timeline_.lift(what.place);
    trail_.push_back(what);
  }

  void take_back() {
    const auto what = trail_.back();
    trail_.pop_back();
    if (what.sort)
      unknown_.give_back(*what.sort);
    else
      timeline_.put_back(what.place);
    model_.undo(what.place);
  }

  bool is_free(std::size_t place) const {
    return model_.is_free(place) && model_.allows(place);
  }

  void settle() {
    for (bool more = true; more && !timeline_.is_empty();) {
      more = false;
      // A lifted event still knows what came after it.
      for (auto event = timeline_.first(); timeline_.is_call(event);
           event = timeline_.after(event))
        if (is_free(timeline_.place_of(event))) {
          place({timeline_.place_of(event), {}});
          more = true;
        }
      if (!more)
        more = settle_unknown();
    }
  }

  bool settle_unknown() {
    const auto limit = timeline_.time_of(timeline_.first_return());
    for (std::size_t sort = 0; sort < unknown_.sorts(); ++sort)
      if (const auto next = unknown_.next_of(sort);
          next && steps_[*next].called <= limit && is_free(*next)) {
        place({*next, sort});
        return true;
      }
    return false;
  }

  /// What may come next, the most urgent first; of steps that are alike one.
  std::vector<choice> choices() const {
    std::vector<choice> found;
    const auto limit = timeline_.time_of(timeline_.first_return());
    for (auto event = timeline_.first(); timeline_.is_call(event);
         event = timeline_.after(event))
      found.push_back({timeline_.place_of(event), {}});
    for (std::size_t sort = 0; sort < unknown_.sorts(); ++sort)
      if (const auto next = unknown_.next_of(sort); next && steps_[*next].called <= limit)
        found.push_back({*next, sort});
    std::stable_sort(found.begin(), found.end(), [&](const choice& a, const choice& b) {
      return steps_[a.place].returned < steps_[b.place].returned;
    });
    const auto unknown_in_vain = !trail_.empty() && trail_.back().sort.has_value();
    std::vector<choice> kept;
    for (const auto& one : found) {
      const auto is_alike = [&](const choice& other) {
        return steps_[other.place].alike == steps_[one.place].alike;
      };
      if (std::none_of(kept.begin(), kept.end(), is_alike) && model_.allows(one.place)
          && !(unknown_in_vain && model_.overwrites(one.place)) && leaves_room(one.place))
        kept.push_back(one);
    }
    return kept;
  }

  /// Nobody has to come while the state that it makes stays who can't.
  bool leaves_room(std::size_t place) const {
    const auto until = model_.stays_until(place);
    for (auto event = timeline_.first(); timeline_.time_of(event) < until;
         event = timeline_.after(event)) {
      const auto other = timeline_.place_of(event);
      if (!timeline_.is_call(event) && other != place && !model_.goes_with(place, other))
        return false;
    }
    return true;
  }

  /// Back to the last junction with a choice left, and down that one.
  bool go_on() {
    while (!open_.empty() && open_.back().next == open_.back().choices.size())
      open_.pop_back();
    if (open_.empty())
      return false;
    auto& here = open_.back();
    while (trail_.size() > here.trail)
      take_back();
    place(here.choices[here.next++]);
    return true;
  }

  std::string configuration() const {
    std::string key;
    const auto put = [&key](std::uint64_t number) {
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    put(model_.state());
    auto event = timeline_.first();
    for (; timeline_.is_call(event); event = timeline_.after(event))
      put(timeline_.place_of(event));
    put(event);
    return key;
  }

  void note_depth() {
    if (trail_.size() < deepest_)
      return;
    deepest_ = trail_.size();
    stuck_at_ = timeline_.place_of(timeline_.first_return());
  }

  search_result finish(search_result::end how) const {
    return {how, seen_.count(), stuck_at_};
  }

  sequential_model& model_;
  const std::vector<step>& steps_;
  const std::size_t bound_;
  timeline timeline_;
  unknown_steps unknown_;
  seen_configurations seen_;
  std::vector<junction> open_;
  std::vector<choice> trail_; ///< placed, in their order
  std::size_t deepest_ = 0;
  std::size_t stuck_at_ = 0;
};

} // namespace

search_result search(sequential_model& model, std::size_t max_configurations) {
  return depth_first{model, max_configurations}.run();
}

} // namespace present::histories
