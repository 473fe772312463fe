#include "actors/partition/value_history.hpp"
#include "runtime/base/bounds.hpp"
#include "storage/memory_state_backend.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <memory>
#include <string>

using namespace present;
using namespace present::partition;
using storage::record_key;
using storage::value_record;

namespace {

constexpr space_id space{1};

/// A state whose space keeps some versions.
struct kept_values {
  explicit kept_values(std::uint32_t versions) { history->keep({{space, versions}}); }

  void put(const std::string& key, std::uint64_t version, const std::string& value) {
    table.put(record_key::value(space, key),
              value_record{{version}, false, std::make_shared<const std::string>(value)});
  }
  void remove(const std::string& key, hlc_stamp version) {
    table.put(record_key::value(space, key), value_record{version, true, nullptr});
  }
  /// The value, "-" for an absent key, "?" for what isn't known.
  std::string at(const std::string& key, std::uint64_t stamp) const {
    const auto where = record_key::value(space, key);
    const auto now = table.get_as<value_record>(where);
    const auto was = history->at(where, *now, {stamp});
    REQUIRE(was);
    if (!was->is_known)
      return "?";
    return was->value ? std::string{was->value->view()} : "-";
  }
  std::size_t rows() const {
    std::size_t count = 0;
    for (const auto kind : {storage::record_kind::value, storage::record_kind::past_value,
                            storage::record_kind::tombstone})
      count += table.scan(record_key::start_of(kind), record_key::end_of(kind), 10'000)->size();
    return count;
  }

  storage::memory_state_backend disk;
  storage::state table{disk};
  std::unique_ptr<value_history> history = std::make_unique<value_history>(table);
};

hlc_stamp days(std::uint64_t count, std::uint64_t more_ms = 0) {
  return hlc_stamp::of(count * bounds::tombstone_lifetime_ms + more_ms, 0);
}

} // namespace

TEST_CASE("a key reads as it was at each stamp, within the versions that are kept (V1)") {
  kept_values kept{3};
  kept.put("k", 10, "a");
  kept.put("k", 20, "b");
  kept.remove("k", {30});
  CHECK(kept.at("k", 9) == "-");
  CHECK(kept.at("k", 10) == "a");
  CHECK(kept.at("k", 19) == "a");
  CHECK(kept.at("k", 29) == "b");
  CHECK(kept.at("k", 30) == "-");
  kept.put("k", 40, "c");
  CHECK(kept.at("k", 19) == "?"); // the fourth is gone
  CHECK(kept.at("k", 20) == "b");
  CHECK(kept.at("k", 50) == "c");
  CHECK(kept.at("other", 5) == "-");
}

TEST_CASE("keys that begin with each other keep their pasts apart") {
  kept_values kept{2};
  const std::string longer = std::string{"k"} + std::string(8, '\xff');
  for (std::uint64_t version = 1; version <= 4; ++version)
    for (const auto& key : {std::string{"k"}, longer, std::string{"kk"}})
      kept.put(key, version, key + std::to_string(version));
  for (const auto& key : {std::string{"k"}, longer, std::string{"kk"}}) {
    CHECK(kept.at(key, 3) == key + "3");
    CHECK(kept.at(key, 2) == "?");
  }
}

TEST_CASE("a space that keeps one version keeps nothing else (V3)") {
  kept_values kept{1};
  kept.put("k", 10, "a");
  kept.put("k", 20, "b");
  CHECK(kept.rows() == 1);
  CHECK(kept.at("k", 10) == "?");
  CHECK(kept.at("k", 20) == "b");
}

TEST_CASE("of what was written while one was kept nothing earlier is claimed (V1)") {
  kept_values kept{1};
  kept.put("k", 10, "a");
  kept.put("k", 20, "b");
  kept.history->keep({{space, 5}});
  kept.put("k", 30, "c");
  CHECK(kept.at("k", 20) == "b");
  CHECK(kept.at("k", 10) == "?");
}

TEST_CASE("a tombstone goes after a day with its past, a key that is back stays (P3, V2)") {
  kept_values kept{5};
  kept.put("gone", days(1).value, "a");
  kept.remove("gone", days(1, 1));
  kept.put("back", days(1, 2).value, "a");
  kept.remove("back", days(1, 3));
  kept.put("back", days(1, 4).value, "b");
  kept.history->collect(days(2, 1));
  CHECK(kept.history->collected() == hlc_stamp{});
  kept.history->collect(days(2, 4));
  CHECK(kept.at("gone", days(1).value) == "?");
  CHECK(kept.at("gone", days(1, 3).value) == "-");
  CHECK(kept.at("back", days(1, 2).value) == "a");
  CHECK(kept.history->collected() == days(1, 3));
  CHECK(kept.rows() == 3); // a value and two past ones
}

TEST_CASE("tombstones go a bounded number at once, and after a restart as well (P3)") {
  kept_values kept{1};
  for (int n = 0; n < 50; ++n)
    kept.remove("k" + std::to_string(n), days(1, static_cast<std::uint64_t>(n)));
  kept.history->collect(days(3));
  CHECK(kept.rows() == 2 * 30);
  const auto collected = kept.history->collected();
  kept.history.reset();
  kept.history = std::make_unique<value_history>(kept.table);
  kept.history->restore(collected);
  kept.history->collect(days(3));
  kept.history->collect(days(3));
  CHECK(kept.rows() == 0);
  CHECK(kept.history->collected() == days(1, 49));
}

TEST_CASE("whatever was written, a read at a stamp is right or says that it doesn't know (V1)") {
  CHECK(rc::check([] {
    const auto versions = *rc::gen::inRange<std::uint32_t>(1, 5);
    kept_values kept{versions};
    std::map<std::string, std::map<std::uint64_t, std::string>> truth; // "-": removed
    std::uint64_t version = days(1).value;
    for (int writes = *rc::gen::inRange(0, 60); writes > 0; --writes) {
      const std::string key(1, *rc::gen::elementOf(std::string{"abc"}));
      version += *rc::gen::inRange<std::uint64_t>(1, 3) << 16;
      if (*rc::gen::inRange(0, 3) == 0) {
        kept.remove(key, {version});
        truth[key][version] = "-";
      } else {
        kept.put(key, version, std::to_string(version));
        truth[key][version] = std::to_string(version);
      }
      if (*rc::gen::inRange(0, 8) == 0)
        kept.history->collect({version + (bounds::tombstone_lifetime_ms << 16)
                               - (*rc::gen::inRange<std::uint64_t>(0, 20) << 16)});
      const std::string asked(1, *rc::gen::elementOf(std::string{"abc"}));
      const auto stamp = days(1).value + (*rc::gen::inRange<std::uint64_t>(0, 150) << 16);
      if (stamp > version)
        continue;
      const auto after = truth[asked].upper_bound(stamp);
      const auto right = after == truth[asked].begin() ? "-" : std::prev(after)->second;
      const auto said = kept.at(asked, stamp);
      RC_ASSERT(said == right || said == "?");
      // And what is among the versions kept is known.
      const auto newer = static_cast<std::uint32_t>(std::distance(after, truth[asked].end()));
      if (newer < versions && after != truth[asked].begin() && right != "-"
          && kept.history->collected().value < days(1).value)
        RC_ASSERT(said == right);
    }
  }));
}
