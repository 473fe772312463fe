#include "tests/storage/crdt/random_changes.hpp"

#include "storage/crdt/crdt_codec.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace present;
using namespace present::crdt;

namespace {

crdt_value joined(crdt_value a, const crdt_value& b) {
  join(a, b);
  return a;
}

/// `check(chance, kind)` for values of each kind.
template <class Check>
void for_all(Check&& check) {
  for (const auto kind : all_kinds) {
    CAPTURE(to_string(kind));
    CHECK(rc::check([&] {
      dice chance{*rc::gen::arbitrary<std::uint64_t>()};
      check(chance, kind);
    }));
  }
}

} // namespace

TEST_CASE("join is commutative, associative and idempotent") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 30, chance);
    const auto& any = [&]() -> const crdt_value& {
      return chance.below(2) == 0 && !run.deltas.empty()
               ? run.deltas[chance.below(run.deltas.size())]
               : run.values[chance.below(run.values.size())];
    };
    const auto& a = any();
    const auto& b = any();
    const auto& c = any();
    RC_ASSERT(joined(a, b) == joined(b, a));
    RC_ASSERT(joined(joined(a, b), c) == joined(a, joined(b, c)));
    RC_ASSERT(joined(a, a) == a);
    RC_ASSERT(joined(a, empty_value(kind)) == a);
    RC_ASSERT(joined(empty_value(kind), a) == a);
  });
}

TEST_CASE("a join is above both, so nothing that was heard of is forgotten") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 30, chance);
    const auto both = joined(run.values[0], run.values[1]);
    RC_ASSERT(joined(both, run.values[0]) == both);
    RC_ASSERT(joined(both, run.values[1]) == both);
  });
}

TEST_CASE("a change goes up, and is made by its delta alone") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 30, chance);
    const auto& before = run.values[0];
    const auto delta = std::visit(any_change{{1}, 30, chance}, before);
    const auto after = joined(before, delta);
    RC_ASSERT(joined(after, before) == after);
    RC_ASSERT(joined(after, delta) == after);
    // Whoever has what was there before needs no more than the delta.
    const auto elsewhere = joined(run.values[1], before);
    RC_ASSERT(joined(elsewhere, delta) == joined(elsewhere, after));
  });
}

TEST_CASE("deltas in any order, any number of times, end in the same value and bytes") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 40, chance);
    auto whole = empty_value(kind);
    for (const auto& value : run.values)
      join(whole, value);
    std::vector<crdt_value> arriving;
    for (const auto& delta : run.deltas)
      for (auto times = 1 + chance.below(3); times > 0; --times)
        arriving.push_back(delta);
    for (int round = 0; round < 2; ++round) {
      for (std::size_t place = arriving.size(); place > 1; --place)
        std::swap(arriving[place - 1], arriving[chance.below(place)]);
      auto value = empty_value(kind);
      for (const auto& delta : arriving)
        join(value, delta);
      RC_ASSERT(value == whole);
      RC_ASSERT(encode_crdt(value) == encode_crdt(whole));
    }
  });
}

TEST_CASE("deltas that were joined with each other are a delta") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 30, chance);
    auto group = empty_value(kind);
    auto one_by_one = run.values[0];
    for (const auto& delta : run.deltas)
      if (chance.below(2) == 0) {
        join(group, delta);
        join(one_by_one, delta);
      }
    RC_ASSERT(joined(run.values[0], group) == one_by_one);
  });
}

TEST_CASE("a value that was written reads back the same, in the same bytes") {
  for_all([](dice& chance, value_kind kind) {
    const auto run = run_replicas(kind, 30, chance);
    for (const auto& some : {run.values, run.deltas})
      for (const auto& value : some) {
        const auto bytes = encode_crdt(value);
        const auto read = decode_crdt(bytes);
        RC_ASSERT(read);
        RC_ASSERT(*read == value);
      }
  });
}
