#include "actors/watch/watch_machine.hpp"

#include "actors/watch/mutant.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>
#include <utility>

namespace present::watching {

std::string pattern_of(const watch& what) {
  return storage::record_key::value(what.space, what.key).bytes();
}

error compacted_error() {
  return make_error(error_code::too_old,
                    "compacted: the changes from there on are not all kept any more; list again, "
                    "and watch from then on");
}

/// Puts changes into a page until it is full.
class watch_machine::page_maker {
public:
  page_maker(watch_position from, hlc_stamp above, std::size_t most_bytes)
      : above_(above), most_bytes_(most_bytes) {
    page_->next = from;
  }

  /// False: it doesn't fit any more (W5).
  bool take(const storage::value_change& change, watch_position next) {
    if (is_full_)
      return false;
    if (change.value.version <= above_) {
      page_->next = next;
      return true;
    }
    const auto bytes = change.key.user_key().size() + change.value.view().size();
    if (!page_->changes.empty() && bytes_ + bytes > most_bytes_) {
      is_full_ = true;
      return false;
    }
    bytes_ += bytes;
    page_->next = next;
    page_->changes.push_back({std::string{change.key.user_key()}, change.value.version,
                              change.value.tombstone,
                              change.value.tombstone ? nullptr : change.value.bytes, next});
    return true;
  }

  bool is_empty() const { return page_->changes.empty(); }

  /// Unless it is full it reaches up to `end`.
  std::shared_ptr<const watched_page> finish(watch_position end) {
    if (!is_full_ || mutated(mutant::cut_loses_rest))
      page_->next = std::max(page_->next, end);
    return std::move(page_);
  }

private:
  const hlc_stamp above_;
  const std::size_t most_bytes_;
  std::shared_ptr<watched_page> page_ = std::make_shared<watched_page>();
  std::size_t bytes_ = 0;
  bool is_full_ = false;
};

void watch_machine::step(event&& input, effects& out) {
  std::visit([&](auto& what) { on(what, out); }, input);
  check_invariants();
}

// -- events --------------------------------------------------------------------------

void watch_machine::on(asked& what, effects& out) {
  if (!find_start(what.what)) {
    out.push_back(refused{what.tag, compacted_error()});
    return;
  }
  waiting_watch made{std::move(what.what), {}};
  made.pattern = pattern_of(made.what);
  if (auto page = page_of(made); !page->changes.empty() || made.what.wait_ms == 0) {
    out.push_back(page_ready{what.tag, std::move(page)});
    return;
  }
  index_.insert(what.tag, made.pattern, made.what.is_prefix);
  check(waiting_.emplace(what.tag, std::move(made)).second, "W4: a tag is used twice");
}

/// Those whom it concerns have seen all that was before.
void watch_machine::on(applied& what, effects& out) {
  const auto index = what.index;
  const auto* entry = window_.append(index, what.last_stamp, std::move(what.changes));
  if (!entry || waiting_.empty())
    return;
  std::map<watch_tag, page_maker> pages; // in order, so that it is the same each time
  const auto count = entry->changes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto& change = entry->changes[n];
    index_.visit(change.key.bytes(), [&](watch_tag tag) {
      const auto& of = waiting_.at(tag).what;
      if (watch_position{index, static_cast<std::uint32_t>(n)} < of.from)
        return; // it has come from a replica that is ahead
      const auto page
        = pages.try_emplace(tag, of.from, of.above, options_.page_bytes).first;
      page->second.take(change, position_after(index, n, count));
    });
  }
  for (auto& [tag, page] : pages) {
    if (page.is_empty())
      continue; // nothing above what it asks for
    stop(waiting_.find(tag));
    out.push_back(page_ready{tag, page.finish(window_.end())});
  }
}

void watch_machine::on(const restored& what, effects& out) {
  const auto had = window_.end();
  window_.restart(what.index, what.latest);
  std::vector<watch_tag> late;
  for (const auto& [tag, each] : waiting_)
    if (std::max(each.what.from, had) < window_.floor() && !mutated(mutant::forget_gap))
      late.push_back(tag);
  std::sort(late.begin(), late.end());
  for (const auto tag : late) {
    stop(waiting_.find(tag));
    out.push_back(refused{tag, compacted_error()});
  }
}

void watch_machine::on(const time_over& what, effects& out) {
  const auto found = waiting_.find(what.tag);
  if (found == waiting_.end())
    return;
  auto page = std::make_shared<watched_page>();
  page->next = std::max(found->second.what.from, window_.end());
  stop(found);
  out.push_back(page_ready{what.tag, std::move(page)});
}

void watch_machine::refuse_where(const std::function<bool(const watch&)>& is_gone,
                                 const error& why, effects& out) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (!is_gone(at->second.what)) {
      ++at;
      continue;
    }
    out.push_back(refused{at->first, why});
    at = stop(at);
  }
}

// -- where it begins -------------------------------------------------------------------

/// Puts the place in where to begin; false if that is behind what is kept (W3).
bool watch_machine::find_start(watch& what) const {
  if (!what.from.is_set()) {
    const auto start
      = what.above.value == 0 ? std::optional{window_.end()} : window_.above(what.above);
    if (!start)
      return false;
    what.from = *start;
  }
  if (mutated(mutant::ignore_floor))
    what.from = std::max(what.from, window_.floor());
  if (mutated(mutant::repeat_last) && what.from.index > window_.floor().index)
    what.from = {previous(what.from.index), 0};
  return what.from >= window_.floor();
}

std::shared_ptr<const watched_page> watch_machine::page_of(const waiting_watch& of) const {
  const auto& what = of.what;
  page_maker page{what.from, what.above, options_.page_bytes};
  window_.visit(what.from, [&](const storage::value_change& change, watch_position next) {
    const auto& key = change.key.bytes();
    const bool is_its = what.is_prefix ? key.starts_with(of.pattern) : key == of.pattern;
    return !is_its || page.take(change, next);
  });
  return page.finish(window_.end());
}

watch_machine::all::iterator watch_machine::stop(all::iterator which) {
  index_.erase(which->first, which->second.pattern, which->second.what.is_prefix);
  return waiting_.erase(which);
}

void watch_machine::check_invariants() const {
  check(waiting_.empty() == index_.is_empty(), "W4: a watch waits that nothing can find");
  check(window_.floor() <= window_.end(), "N1: the window ends before it begins");
}

} // namespace present::watching
