#include "storage/memory_state_backend.hpp"
#include "storage/state.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

using namespace present;
using namespace present::storage;

namespace {

record_key key(const std::string& name) {
  return record_key::value({1}, name);
}

value_record value(std::uint64_t version, const std::string& bytes) {
  return {{version}, false, std::make_shared<const std::string>(bytes)};
}

std::string text(const result<std::optional<record>>& found) {
  REQUIRE(found);
  return *found ? std::string{std::get<value_record>(**found).view()} : "-";
}

std::string text(const result<std::vector<row>>& rows) {
  REQUIRE(rows);
  std::string all;
  for (const auto& row : *rows) {
    const auto& what = std::get<value_record>(row.what);
    all += std::string{row.key.user_key()} + "="
           + (what.tombstone ? "deleted" : std::string{what.view()}) + " ";
  }
  return all;
}

void store(state& tables, memory_state_backend& disk, std::uint64_t index) {
  const auto frozen = tables.freeze({{index}, {1}, {}});
  REQUIRE(frozen);
  REQUIRE(disk.write(**frozen));
  tables.release_frozen();
}

constexpr std::size_t all = 1000;
const record_key first = record_key::value({1}, "");
const record_key last = record_key::end_of(space_id{1});

} // namespace

TEST_CASE("a scan merges three layers in order, the upper hiding the lower") {
  memory_state_backend disk;
  state tables{disk};
  for (const auto* name : {"a", "b", "c", "d", "e"})
    tables.put(key(name), value(1, "stored"));
  store(tables, disk, 1);
  tables.put(key("b"), value(2, "frozen"));
  tables.erase(key("c"));
  tables.put(key("cc"), value(2, "frozen"));
  tables.put(key("d"), value(2, "frozen"));
  const auto frozen = tables.freeze({{2}, {1}, {}});
  REQUIRE(frozen);
  tables.put(key("d"), value(3, "active"));
  tables.put(key("c"), value_record{{3}, true, nullptr});
  tables.erase(key("e"));
  tables.put(key("f"), value(3, "active"));
  const std::string expected = "a=stored b=frozen c=deleted cc=frozen d=active "
                               "f=active ";
  CHECK(text(tables.scan(first, last, all)) == expected);
  CHECK(text(tables.scan(key("b"), key("cc"), all)) == "b=frozen c=deleted ");
  CHECK(text(tables.scan(key("b"), last, 2)) == "b=frozen c=deleted ");
  CHECK(text(tables.scan(last, first, all)).empty());

  SUBCASE("and reads the same before, between and after the checkpoint (P17)") {
    REQUIRE(disk.write(**frozen));
    CHECK(text(tables.scan(first, last, all)) == expected);
    tables.release_frozen();
    CHECK(text(tables.scan(first, last, all)) == expected);
  }
}

TEST_CASE("an erasure hides what lies below, a tombstone is a record") {
  memory_state_backend disk;
  state tables{disk};
  tables.put(key("a"), value(1, "x"));
  store(tables, disk, 1);
  tables.erase(key("a"));
  CHECK(text(tables.get(key("a"))) == "-");
  tables.put(key("a"), value_record{{2}, true, nullptr});
  const auto found = tables.get_as<value_record>(key("a"));
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->tombstone);
}

TEST_CASE("a record edited in place leaves the frozen table as it was (S2, P17)") {
  memory_state_backend disk;
  state tables{disk};
  const auto session = record_key::session({5});
  tables.put(session, session_record{{5}, "me", {1}, {}});
  const auto frozen = tables.freeze({{1}, {1}, {}});
  REQUIRE(frozen);
  const auto edited = tables.edit(session);
  REQUIRE(edited);
  REQUIRE(*edited != nullptr);
  std::get<session_record>(**edited).acked_below = {9};
  const auto& kept = std::get<session_record>(*(*frozen)->changes.at(session));
  CHECK(kept.acked_below == operation_number{1});
  CHECK((*tables.get_as<session_record>(session))->acked_below
        == operation_number{9});
  CHECK(*tables.edit(record_key::session({6})) == nullptr);
}

TEST_CASE("a table that was released stays whole for whoever still reads it (P17)") {
  memory_state_backend disk;
  state tables{disk};
  tables.put(key("a"), value(1, "old"));
  tables.put(key("b"), value(1, "old"));
  const auto read_by_another = tables.freeze({{1}, {1}, {}});
  REQUIRE(read_by_another);
  REQUIRE(disk.write(**read_by_another));
  tables.release_frozen();
  tables.put(key("a"), value(2, "new"));
  tables.erase(key("b"));
  store(tables, disk, 2);
  CHECK(text(tables.get(key("a"))) == "new");
  CHECK(text(tables.get(key("b"))) == "-");
  for (const auto* name : {"a", "b"}) {
    const auto& kept = (*read_by_another)->changes.at(key(name));
    REQUIRE(kept);
    CHECK(std::get<value_record>(*kept).view() == "old");
  }
}

TEST_CASE("a second freeze waits for the first checkpoint (S3)") {
  memory_state_backend disk;
  state tables{disk};
  tables.put(key("a"), value(1, "x"));
  REQUIRE(tables.freeze({{1}, {1}, {}}));
  const auto second = tables.freeze({{2}, {1}, {}});
  REQUIRE_FALSE(second);
  CHECK(second.problem().code == error_code::overloaded);
  tables.release_frozen();
  CHECK(tables.freeze({{2}, {1}, {}}));
}

TEST_CASE("a crash keeps a checkpoint's records and mark, or neither (B1)") {
  memory_state_backend disk;
  {
    state tables{disk};
    tables.put(key("a"), value(1, "one"));
    store(tables, disk, 7);
    disk.sync();
    tables.put(key("a"), value(2, "two"));
    store(tables, disk, 9);
  }
  SUBCASE("lost") {
    disk.crash();
    CHECK(text(state{disk}.get(key("a"))) == "one");
    CHECK(disk.applied()->index == log_index{7});
  }
  SUBCASE("it had reached the disk") {
    disk.crash(1);
    CHECK(text(state{disk}.get(key("a"))) == "two");
    CHECK(disk.applied()->index == log_index{9});
  }
}

TEST_CASE("a damaged record is an error, not an absence") {
  memory_state_backend disk;
  state tables{disk};
  tables.put(key("a"), value(1, "x"));
  store(tables, disk, 1);
  REQUIRE(disk.damage(key("a")));
  CHECK(tables.get(key("a")).problem().code == error_code::damaged);
  CHECK(tables.scan(first, last, all).problem().code == error_code::damaged);
  tables.put(key("a"), value(2, "y"));
  CHECK(text(tables.get(key("a"))) == "y");
}

TEST_CASE("whatever the layers, the state reads like one ordered map") {
  const bool same = rc::check([] {
    memory_state_backend disk;
    state tables{disk};
    std::map<std::string, std::string> model;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange(0, 12)));
    std::uint64_t version = 0;
    checkpoint_ptr frozen;
    for (const auto& [verb, place] : steps) {
      const std::string name(1, static_cast<char>('a' + place));
      ++version;
      if (verb <= 2) {
        tables.put(key(name), value(version, std::to_string(version)));
        model[name] = std::to_string(version);
      } else if (verb == 3) {
        tables.erase(key(name));
        model.erase(name);
      } else if (verb == 4 && !frozen) {
        frozen = *tables.freeze({{version}, {1}, {}});
      } else if (verb == 5 && frozen) {
        RC_ASSERT(bool(disk.write(*frozen)));
        if (place % 2)
          tables.release_frozen(), frozen = nullptr;
      }
    }
    std::string expected;
    for (const auto& [name, bytes] : model)
      expected += name + "=" + bytes + " ";
    RC_ASSERT(text(tables.scan(first, last, all)) == expected);
  });
  CHECK(same);
}

TEST_CASE("each key of the active table is found by itself, however many there are (S6)") {
  memory_state_backend disk;
  state tables{disk};
  constexpr std::uint64_t many = 5'000;
  std::vector<record_key> keys;
  for (std::uint64_t n = 0; n < many; ++n)
    keys.push_back(key("k" + std::to_string(n)));
  for (std::uint64_t n = 0; n < many; n += 2)
    tables.put(keys[n], value(1, std::to_string(n)));
  store(tables, disk, 1);

  for (std::uint64_t n = 0; n < many; n += 3)
    tables.put(keys[n], value(2, "new " + std::to_string(n)));
  tables.erase(keys[6]);
  tables.fetch(keys);
  for (std::uint64_t n = 0; n < many; ++n) {
    const auto number = std::to_string(n);
    CHECK(text(tables.get(keys[n])) == (n == 6       ? "-"
                                        : n % 3 == 0 ? "new " + number
                                        : n % 2 == 0 ? number
                                                     : "-"));
  }
  CHECK(tables.active_count() == (many + 2) / 3);
  auto changed = tables.edit(keys[2]); // from below
  REQUIRE((changed && *changed));
  **changed = value(3, "edited");
  CHECK(text(tables.get(keys[2])) == "edited");
  CHECK(text(tables.get(keys[4])) == "4");
}
