#include "storage/crdt/crdt_value.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace present;
using namespace present::crdt;

namespace {

constexpr replica_id here{1};
constexpr replica_id there{2};

using names = std::vector<std::string>;

template <class Value>
Value joined(Value a, const Value& b) {
  a.join(b);
  return a;
}

} // namespace

TEST_CASE("a context knows what it has heard of, gaps too, and forgets the gaps when they close") {
  causal_context context;
  CHECK(context.next(here) == dot{here, 1});
  context.add({here, 1});
  context.add({here, 3});
  context.add({there, 2});
  CHECK(context.contains({here, 1}));
  CHECK_FALSE(context.contains({here, 2}));
  CHECK(context.contains({here, 3}));
  CHECK_FALSE(context.contains({here, 0}));
  CHECK(context.next(here) == dot{here, 4});
  CHECK(context.next(there) == dot{there, 3});
  CHECK(context.apart().size() == 2);
  context.add({here, 2});
  CHECK(context.seen().at(here) == 3);
  CHECK(context.apart() == dot_set{{there, 2}});
  context.join(causal_context{{{there, 5}}});
  CHECK(context.apart().empty());
  CHECK(context.seen().at(there) == 5);
}

TEST_CASE("a counter counts what all replicas added, each change once") {
  g_counter one;
  one.join(*one.add(here, 3));
  auto other = one;
  const auto delta = *one.add(here, 2);
  one.join(delta);
  other.join(*other.add(there, 10));
  CHECK(joined(one, other).total() == 15);
  CHECK(joined(joined(one, other), delta).total() == 15);
  CHECK(one.add(here, 0)->counts.empty());
}

TEST_CASE("a counter goes down as well, and below nothing") {
  pn_counter one;
  one.join(*one.add(here, 3));
  auto other = one;
  one.join(*one.add(here, -5));
  other.join(*other.add(there, 1));
  CHECK(one.total() == -2);
  CHECK(joined(other, one).total() == -1);
}

TEST_CASE("a counter that would pass 63 bits is refused; if replicas pass it apart, the most is shown") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  g_counter one;
  one.join(*one.add(here, static_cast<std::uint64_t>(most)));
  const auto refused = one.add(there, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::invalid);
  CHECK(refused.problem().message
        == "the counter is at 9223372036854775807; 1 more is more than 63 bits");
  for (const std::uint64_t replica : {2, 3})
    one.join(*g_counter{}.add({replica}, static_cast<std::uint64_t>(most)));
  CHECK(one.total() == std::numeric_limits<std::uint64_t>::max());
  CHECK(pn_counter{one, {}}.total() == most);
  CHECK(pn_counter{{}, one}.total() == -most);
  CHECK_FALSE(pn_counter{}.add(here, least));
  CHECK(pn_counter{}.add(here, most)->total() == most);
}

TEST_CASE("of a register's writes the latest stays, by stamp and then by replica") {
  const auto early = lww_register::write({10}, there, "early");
  const auto late = lww_register::write({20}, here, "late");
  const auto tied = lww_register::write({20}, there, "tied");
  CHECK(joined(early, late).value == "late");
  CHECK(joined(late, early).value == "late");
  CHECK(joined(late, tied).value == "tied");
  CHECK_FALSE(joined(tied, lww_register::write({30}, here, {})).value);
  CHECK(joined(lww_register{}, early) == early);
}

TEST_CASE("a register keeps what was written side by side until somebody writes who saw it") {
  mv_register one;
  one.join(one.write(here, "red"));
  auto other = one;
  one.join(one.write(here, "green"));
  other.join(other.write(there, "blue"));
  auto both = joined(one, other);
  CHECK(both.values() == names{"blue", "green"});
  both.join(both.write(there, "white"));
  CHECK(both.values() == names{"white"});
  CHECK(joined(one, both).values() == names{"white"});
  CHECK(joined(one, one.clear()).values().empty());
}

TEST_CASE("an insertion wins over a removal that didn't know of it") {
  or_set one;
  one.join(one.insert(here, "apple"));
  auto other = one;
  one.join(one.erase("apple"));
  other.join(other.insert(there, "apple"));
  CHECK_FALSE(one.contains("apple"));
  CHECK(joined(one, other).contains("apple"));
  CHECK(joined(other, one).contains("apple"));
}

TEST_CASE("a removal that knew of an insertion wins, though the insertion arrives later") {
  or_set one;
  const auto insertion = one.insert(here, "apple");
  one.join(insertion);
  const auto removal = one.erase("apple");
  or_set late;
  late.join(removal);
  late.join(insertion);
  CHECK(late.values().empty());
  CHECK(late.context == one.context);
  CHECK(one.erase("pear") == or_set{});
}

TEST_CASE("a set that was filled and emptied is a number for each replica") {
  or_set one;
  for (int round = 0; round < 100; ++round) {
    one.join(one.insert(here, "m" + std::to_string(round)));
    one.join(one.insert(there, "m" + std::to_string(round)));
  }
  CHECK(one.values().size() == 100);
  one.join(one.clear());
  CHECK(one.members.empty());
  CHECK(one.context.seen().size() == 2);
  CHECK(one.context.apart().empty());
}

TEST_CASE("a map's fields are joined each by itself") {
  or_map one;
  one.join(one.write(here, "name", "Ann"));
  one.join(one.insert(here, "tags", "new"));
  auto other = one;
  one.join(one.write(here, "name", "Anna"));
  other.join(other.insert(there, "tags", "hot"));
  other.join(other.write(there, "name", "Anne"));
  const auto both = joined(one, other);
  CHECK(both.values("name") == names{"Anna", "Anne"});
  CHECK(both.members("tags") == names{"hot", "new"});
  CHECK(both.fields() == names{"name", "tags"});
  CHECK(both.values("age").empty());
  CHECK(both.members("age").empty());
}

TEST_CASE("a field's change wins over its removal that didn't know of it") {
  or_map one;
  one.join(one.insert(here, "tags", "new"));
  one.join(one.write(here, "tags", "as a register too"));
  auto other = one;
  one.join(one.remove("tags"));
  other.join(other.insert(there, "tags", "hot"));
  CHECK(one.fields().empty());
  const auto both = joined(one, other);
  CHECK(both.members("tags") == names{"hot"});
  CHECK(both.values("tags").empty());
  CHECK(joined(both, both.erase("tags", "hot")).fields().empty());
}

TEST_CASE("values of two kinds can't be joined, and stay as they are") {
  crdt_value one = *g_counter{}.add(here, 1);
  const auto before = one;
  const auto refused = join(one, or_set{});
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::invalid);
  CHECK(refused.problem().message
        == "a value of kind g-counter can't be joined with one of kind or-set");
  CHECK(one == before);
}
