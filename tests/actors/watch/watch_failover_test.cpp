#include "tests/actors/watch/watched_replica.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <optional>

using namespace present;
using namespace present::watching;
using namespace present::watching::test;

namespace {

/// The truth: a log, some of whose entries change values.
struct log_of_changes {
  struct entry {
    std::vector<storage::value_change> changes;
    hlc_stamp stamp;
  };
  std::vector<entry> entries; ///< [i] is index 8 + i
  std::uint64_t stamp = 1;

  static constexpr std::uint64_t before = 7;
  log_index last() const { return {before + entries.size()}; }

  void grow() {
    entry next;
    const auto count = *rc::gen::inRange(0, 5);
    for (int n = 0; n < count; ++n) {
      const std::string key(1, *rc::gen::elementOf(std::string{"abc"}));
      next.changes.push_back(value_of(key, ++stamp));
    }
    next.stamp = {++stamp};
    entries.push_back(std::move(next));
  }
};

/// One of several that apply the same log, each as far as it has come.
struct replica {
  std::unique_ptr<watched_replica> at = std::make_unique<watched_replica>(settings{500, 3});
  log_index applied{log_of_changes::before};

  void apply_next(const log_of_changes& log) {
    if (applied == log.last())
      return;
    const auto& entry = log.entries[applied.value - log_of_changes::before];
    at->apply(entry.changes, entry.stamp.value);
    applied = next(applied);
  }
  void install(const log_of_changes& log, log_index index) {
    if (index <= applied)
      return;
    applied = index;
    at->restore(index, log.entries[index.value - log_of_changes::before - 1].stamp);
  }
  void restart(const log_of_changes& log, log_index durable) {
    applied = std::min(durable, applied);
    const auto latest = applied.value == log_of_changes::before
                          ? hlc_stamp{1}
                          : log.entries[applied.value - log_of_changes::before - 1].stamp;
    at = std::make_unique<watched_replica>(settings{500, 3});
    at->restore(applied, latest);
  }
};

struct seen_change {
  std::string key;
  hlc_stamp version;
  friend bool operator==(const seen_change&, const seen_change&) = default;
};

/// What a watch of `key` has to hear from one place to another.
std::vector<seen_change> truth(const log_of_changes& log, const watch& what, watch_position from,
                               watch_position to) {
  std::vector<seen_change> all;
  for (std::size_t i = 0; i < log.entries.size(); ++i)
    for (std::uint32_t n = 0; n < log.entries[i].changes.size(); ++n) {
      const watch_position at{{log_of_changes::before + 1 + i}, n};
      const auto& change = log.entries[i].changes[n];
      const std::string key{change.key.user_key()};
      if (at >= from && at < to && (what.is_prefix ? key.starts_with(what.key) : key == what.key))
        all.push_back({key, change.value.version});
    }
  return all;
}

/// A client that goes from replica to replica with its place.
struct watcher {
  explicit watcher(watch of) : what(std::move(of)) {}

  watch what;
  watch_position began;
  watch_position at;
  std::vector<seen_change> seen;
  std::size_t where = 0;
  std::optional<watch_tag> open;

  void ask(std::vector<replica>& all) {
    where = *rc::gen::inRange<std::size_t>(0, all.size());
    what.from = at;
    what.wait_ms = at.is_set() ? 1000 : 0;
    open = all[where].at->ask(what);
  }
  void take_answer(std::vector<replica>& all) {
    const auto& from = *all[where].at;
    if (!open || from.is_open(*open))
      return;
    if (from.was_refused(*open)) {
      RC_ASSERT(from.refusal_of(*open).code == error_code::too_old);
      at = {}; // lists again
      seen.clear();
    } else {
      const auto& page = from.page_of(*open);
      if (!at.is_set())
        began = page.next;
      at = page.next;
      for (const auto& change : page.changes)
        seen.push_back({change.key, change.version});
    }
    open.reset();
  }
  void check(const log_of_changes& log) const {
    if (at.is_set())
      RC_ASSERT(seen == truth(log, what, began, at));
  }
};

void turn(log_of_changes& log, std::vector<replica>& all, watcher& who) {
  auto& one = all[*rc::gen::inRange<std::size_t>(0, all.size())];
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
    case 1:
    case 2:
      log.grow();
      break;
    case 3: {
      const auto index = *rc::gen::inRange<std::uint64_t>(log_of_changes::before, log.last().value + 1);
      one.install(log, {index});
      break;
    }
    case 4: { // killed: what was open there is lost, and so is what came after its checkpoint
      const auto index = *rc::gen::inRange<std::uint64_t>(log_of_changes::before, log.last().value + 1);
      if (&one == &all[who.where])
        who.open.reset();
      one.restart(log, {index});
      break;
    }
    case 5:
      if (who.open)
        all[who.where].at->end(*who.open);
      break;
    case 6: // the answer is lost on its way
      who.open.reset();
      break;
    default:
      one.apply_next(log);
  }
}

} // namespace

TEST_CASE("over kills, snapshots and lost answers a watch hears all changes once, in order (W1, W2, W3)") {
  CHECK(rc::check([] {
    log_of_changes log;
    std::vector<replica> all(3);
    watcher who{{{1}, *rc::gen::elementOf(std::vector<std::string>{"", "a", "b"}),
                 true, {}, {}, 0, false}};
    for (int turns = 0; turns < 200; ++turns) {
      if (!who.open)
        who.ask(all);
      turn(log, all, who);
      who.take_answer(all);
      who.check(log);
    }
    // In the end one of them tells all.
    who.open.reset();
    for (std::size_t left = 5 * log.entries.size() + 5; left > 0; --left) {
      for (auto& each : all)
        while (each.applied < log.last())
          each.apply_next(log);
      who.ask(all);
      if (all[who.where].at->is_open(*who.open))
        break;
      who.take_answer(all);
      who.check(log);
    }
    RC_ASSERT(bool{who.open});
  }));
}
