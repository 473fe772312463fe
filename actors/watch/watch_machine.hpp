#pragma once

#include "actors/watch/change_window.hpp"
#include "actors/watch/watch_index.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/error.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <variant>
#include <vector>

/// The watches of one replica: what waits for a change, and what has changed lately. In
/// the shape of etcd's watchable store, whose watches catch up from history and then wait
/// with the rest; of FoundationDB's, which fire once; and of Kubernetes' lists, where who
/// comes too late for what is kept is told so, and lists again.
///
///            behind the window               ┌─────────┐
///     asked ───────────────────▶ compacted   │ waiting │──── a change of its own ─▶ page
///       │                                    └─────────┘
///       ├─ changes from its place on ─▶ page   ▲  │  └────── its time is over ──▶ empty page
///       └─ none yet ───────────────────────────┘  └───────── a gap in the log ──▶ compacted
///
/// Invariants
/// W1  Only what is committed and applied here is told, in the log's order, and nothing of
///     it twice: a page holds all changes of its watch between its `from` and its `next`.
/// W2  Where one page ends the next one goes on, also at another replica: a place in a log
///     is the same on all of them.
/// W3  What isn't known is never passed over: who asks for a place behind the window, or
///     waits while a snapshot takes the place of entries, is told to list again.
/// W4  Each watch is answered once. A change costs only those that it concerns (X1).
/// W5  A page has at most `page_bytes`, or one change; the rest comes with the next.
///
/// Pure; not thread-safe: a part of the partition's machine.
namespace present::watching {

struct settings {
  std::size_t window_bytes = bounds::watch_window;
  std::size_t page_bytes = bounds::watch_buffer;
};

// -- what it hears -------------------------------------------------------------------

/// A tag is never used twice.
struct asked {
  watch_tag tag = 0;
  watch what;
};
struct applied {
  log_index index;
  hlc_stamp last_stamp; ///< 0: an entry without operations
  std::vector<storage::value_change> changes;
};
/// The state is another one, as of `index`: at a start, or a snapshot's.
struct restored {
  log_index index;
  hlc_stamp latest;
};
/// The time of a watch is over; no matter if it has its answer.
struct time_over {
  watch_tag tag = 0;
};
using event = std::variant<asked, applied, restored, time_over>;

// -- what it asks for ----------------------------------------------------------------

struct page_ready {
  watch_tag tag = 0;
  std::shared_ptr<const watched_page> what;
};
/// `too_old`: list again, and watch from there.
struct refused {
  watch_tag tag = 0;
  error why;
};
using effect = std::variant<page_ready, refused>;
using effects = std::vector<effect>;

// -- the machine -----------------------------------------------------------------------

class watch_machine {
public:
  explicit watch_machine(const settings& options)
      : options_(options), window_(options.window_bytes) {}

  void step(event&& input, effects& out);

  /// Refuses those that wait for what `is_gone` says.
  void refuse_where(const std::function<bool(const watch&)>& is_gone, const error& why,
                    effects& out);

  std::size_t waiting() const { return waiting_.size(); }
  const change_window& window() const { return window_; }

private:
  struct waiting_watch {
    watch what; ///< `from` is set
    std::string pattern;
  };
  using all = std::unordered_map<watch_tag, waiting_watch>;
  class page_maker;

  void on(asked& what, effects& out);
  void on(applied& what, effects& out);
  void on(const restored& what, effects& out);
  void on(const time_over& what, effects& out);

  bool find_start(watch& what) const;
  std::shared_ptr<const watched_page> page_of(const waiting_watch& of) const;
  all::iterator stop(all::iterator which);
  void check_invariants() const;

  const settings options_;
  change_window window_;
  watch_index index_;
  all waiting_;
};

/// What a watch of (space, key) looks for among stored keys.
std::string pattern_of(const watch& what);

/// The refusal of whoever comes too late for what is kept.
error compacted_error();

} // namespace present::watching
