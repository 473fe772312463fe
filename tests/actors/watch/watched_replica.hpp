#pragma once

#include "actors/watch/watch_machine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace present::watching::test {

inline storage::value_change value_of(const std::string& key, std::uint64_t version,
                                      space_id space = {1}, std::string value = "v") {
  return {storage::record_key::value(space, key),
          {{version}, false, std::make_shared<const std::string>(std::move(value))}};
}

inline storage::value_change removal_of(const std::string& key, std::uint64_t version) {
  return {storage::record_key::value({1}, key), {{version}, true, nullptr}};
}

/// A watch machine, and a log that the test writes.
class watched_replica {
public:
  explicit watched_replica(settings options = {4 * bounds::mib, bounds::mib})
      : machine(options) {
    restore({7}, {1});
  }

  watch_tag ask(const watch& what) {
    hear(asked{++last_tag_, what});
    return last_tag_;
  }
  /// `stamp` 0: that of the last change.
  void apply(std::vector<storage::value_change> changes, std::uint64_t stamp = 0) {
    const auto last = changes.empty() ? hlc_stamp{} : changes.back().value.version;
    hear(applied{machine.window().end().index, stamp ? hlc_stamp{stamp} : last,
                 std::move(changes)});
  }
  void restore(log_index index, hlc_stamp latest) { hear(restored{index, latest}); }
  void end(watch_tag tag) { hear(time_over{tag}); }
  void refuse_where(const std::function<bool(const watch&)>& is_gone) {
    effects out;
    machine.refuse_where(is_gone, make_error(error_code::wrong_partition, "gone"), out);
    note(out);
  }

  bool is_open(watch_tag tag) const { return !pages_.contains(tag) && !refusals_.contains(tag); }
  const watched_page& page_of(watch_tag tag) const {
    REQUIRE(pages_.contains(tag));
    return *pages_.at(tag);
  }
  error refusal_of(watch_tag tag) const {
    REQUIRE(refusals_.contains(tag));
    return refusals_.at(tag);
  }
  bool was_refused(watch_tag tag) const { return refusals_.contains(tag); }

  watch_machine machine;

private:
  void hear(event what) {
    effects out;
    machine.step(std::move(what), out);
    note(out);
  }
  void note(effects& told) {
    for (auto& effect : told) {
      if (auto* page = std::get_if<page_ready>(&effect)) {
        REQUIRE(is_open(page->tag)); // W4
        pages_[page->tag] = page->what;
      } else {
        const auto& refusal = std::get<refused>(effect);
        REQUIRE(is_open(refusal.tag)); // W4
        refusals_[refusal.tag] = refusal.why;
      }
    }
  }

  watch_tag last_tag_ = 0;
  std::map<watch_tag, std::shared_ptr<const watched_page>> pages_;
  std::map<watch_tag, error> refusals_;
};

} // namespace present::watching::test
