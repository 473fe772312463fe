#include "actors/conflict/conflict_detector.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>
#include <vector>

using namespace present;
using namespace present::conflict;

namespace {

constexpr hlc_stamp stamp(std::uint64_t ms) {
  return hlc_stamp::of(ms, 0);
}

authorship from(std::uint64_t origin, std::uint64_t ms) {
  return {stamp(ms), origin};
}

/// Written by a client of this partition at 50.
const current_value plain{stamp(50), {}};
/// Written in region 7 at 40, and here at 50.
const current_value imported{stamp(50), from(7, 40)};
const current_value nothing{};

const partition_times now{stamp(100), stamp(10)};

struct known_write {
  const char* situation;
  strategy how;
  current_value current;
  incoming_write write;
  std::string_view outcome;
  std::optional<conflict_kind> because;
};

constexpr auto lww = strategy::last_writer_wins;
constexpr auto fww = strategy::first_writer_wins;
constexpr auto both_writes = conflict_kind::write_write;
const std::optional<conflict_kind> none;

incoming_write based_on(std::uint64_t ms) {
  return {.base = ms == 0 ? hlc_stamp{} : stamp(ms)};
}
incoming_write of(std::uint64_t origin, std::uint64_t ms) {
  return {.at = from(origin, ms)};
}

const std::vector<known_write> writes{
  // -- no conflict, whatever the strategy
  {"a write that carries nothing", strategy::reject, plain, {}, "accept", none},
  {"the first write of a key", strategy::reject, nothing, based_on(0), "accept", none},
  {"a write whose author read what is there", strategy::reject, plain, based_on(50),
   "accept", none},
  {"an import where nothing is", strategy::reject, nothing, of(7, 40), "accept", none},
  {"an import whose author read what is there", strategy::reject, plain,
   {.base = stamp(50), .at = from(7, 40)}, "accept", none},
  {"a cause that was applied", strategy::reject, plain, {.after = stamp(100)}, "accept", none},
  {"a transaction that read what is there", strategy::reject, plain, {.read = stamp(50)},
   "accept", none},

  // -- write–write by base (C1)
  {"its author read an older version", strategy::reject, plain, based_on(49), "refuse",
   both_writes},
  {"its author found nothing there", strategy::reject, plain, based_on(0), "refuse",
   both_writes},
  {"its author read a value that is gone", strategy::reject, nothing, based_on(49), "refuse",
   both_writes},
  {"the last writer wins, and is this one", lww, plain, based_on(49), "accept", both_writes},
  {"the first writer wins, and this one is told", fww, plain, based_on(49), "refuse",
   both_writes},
  {"both are merged", strategy::merge, plain, based_on(49), "merge-both", both_writes},
  {"somebody is asked", strategy::escalate, plain, based_on(49), "escalate", both_writes},

  // -- write–write by stamp (C1)
  {"an import where something is", strategy::reject, plain, of(7, 60), "refuse", both_writes},
  {"the later import wins", lww, imported, of(8, 41), "accept", both_writes},
  {"the earlier import doesn't", lww, imported, of(8, 39), "keep-current", both_writes},
  {"of equal stamps the higher origin wins", lww, imported, of(8, 40), "accept", both_writes},
  {"of equal stamps the lower origin doesn't", lww, imported, of(6, 40), "keep-current",
   both_writes},
  {"an import is older than a client's write", lww, plain, of(7, 49), "keep-current",
   both_writes},
  {"an import is newer than a client's write", lww, plain, of(7, 51), "accept", both_writes},
  {"the first writer wins, though it comes later", fww, imported, of(8, 39), "accept",
   both_writes},
  {"the second writer doesn't, though it is an import", fww, imported, of(8, 41),
   "keep-current", both_writes},
  {"the same import again", strategy::reject, imported, of(7, 40), "keep-current",
   both_writes},
  {"the same import again where values are merged", strategy::merge, imported, of(7, 40),
   "keep-current", both_writes},

  // -- read–write (C2): the strategy isn't asked
  {"what its transaction read has changed", lww, plain, {.read = stamp(49)}, "refuse",
   conflict_kind::read_write},
  {"what its transaction read is gone", strategy::merge, nothing, {.read = stamp(49)},
   "refuse", conflict_kind::read_write},

  // -- temporal (C5): nor here
  {"an import at the closed timestamp", lww, nothing, of(7, 10), "refuse",
   conflict_kind::temporal},
  {"an import above it", lww, nothing, of(7, 11), "accept", none},
  {"a cause that isn't here yet", lww, plain, {.after = stamp(101)}, "wait-for",
   conflict_kind::temporal},
  {"a cause that is later than the write itself", lww, plain,
   {.at = from(7, 60), .after = stamp(60)}, "refuse", conflict_kind::temporal},
};

decision decided(const known_write& one, const findings& found = {}) {
  return decide({one.how, "union", "owners"}, one.current, one.write, now, found);
}

const refuse& refused(const decision& what) {
  REQUIRE(std::holds_alternative<refuse>(what));
  return std::get<refuse>(what);
}

} // namespace

TEST_CASE("each write is accepted, or its conflict has a kind and an outcome (P1)") {
  std::set<std::string_view> outcomes;
  for (const auto& one : writes) {
    CAPTURE(one.situation);
    const auto made = decided(one);
    CHECK(outcome_of(made) == one.outcome);
    CHECK(conflict_of(made) == one.because);
    outcomes.insert(outcome_of(made));
  }
  // And "migrate", below.
  CHECK(outcomes.size() + 1 == std::variant_size_v<decision>);
}

TEST_CASE("a policy denies, or asks somebody: those of its path, else the space's (C4)") {
  const auto by = [](policy_finding what, std::string path) {
    return decide({lww, {}, "owners"}, plain, based_on(49), now,
                  {.policy = what, .policy_problem = "no writes on Sundays",
                   .escalation = std::move(path)});
  };
  const auto denied = by(policy_finding::denied, "");
  CHECK(conflict_of(denied) == conflict_kind::policy);
  CHECK(refused(denied).why.code == error_code::denied);
  CHECK(refused(denied).why.message == "refused by policy: no writes on Sundays");
  const auto asked = by(policy_finding::somebody_decides, "board");
  CHECK(std::get<escalate>(asked).path == "board");
  CHECK(std::get<escalate>(by(policy_finding::somebody_decides, "")).path == "owners");
  CHECK(conflict_of(asked) == conflict_kind::policy);
}

TEST_CASE("a value of another schema is migrated, or refused in plain words (C3)") {
  const auto by = [](schema_finding what) {
    return decide({lww, {}, {}}, plain, {}, now,
                  {.schema = what, .schema_problem = "field 3 changed its type"});
  };
  CHECK(outcome_of(by(schema_finding::can_migrate)) == "migrate");
  CHECK(conflict_of(by(schema_finding::can_migrate)) == conflict_kind::schema);
  CHECK(outcome_of(by(schema_finding::fits)) == "accept");
  const auto misfit = by(schema_finding::incompatible);
  CHECK(refused(misfit).why.code == error_code::schema_incompatible);
  CHECK(refused(misfit).why.message
        == "the value doesn't fit the space's schema: field 3 changed its type");
}

TEST_CASE("of several conflicts the first in order decides: time, policy, schema, reads, writes") {
  findings found{.schema = schema_finding::incompatible, .policy = policy_finding::denied};
  incoming_write write{.base = stamp(49), .after = stamp(101), .read = stamp(49)};
  const auto because = [&] {
    return conflict_of(decide({strategy::reject, {}, {}}, plain, write, now, found));
  };
  CHECK(because() == conflict_kind::temporal);
  write.after.reset();
  CHECK(because() == conflict_kind::policy);
  found.policy = policy_finding::allowed;
  CHECK(because() == conflict_kind::schema);
  found.schema = schema_finding::fits;
  CHECK(because() == conflict_kind::read_write);
  write.read.reset();
  CHECK(because() == conflict_kind::write_write);
  write.base.reset();
  CHECK(because() == none);
}

TEST_CASE("who is refused learns what is there, and whether to try again") {
  const auto late = refused(decide({}, plain, based_on(49), now, {})).why;
  CHECK(late.code == error_code::version_conflict);
  CHECK(late.current_version == stamp(50).value);
  CHECK(late.message == "the write is based on version 49.0; there is 50.0");
  const auto absent = refused(decide({}, nothing, based_on(49), now, {})).why;
  CHECK(absent.current_version == 0);
  CHECK(absent.message == "the write is based on version 49.0; nothing is there");
  const auto stale = refused(decide({}, plain, {.read = stamp(49)}, now, {})).why;
  CHECK(stale.code == error_code::transaction_conflict);
  CHECK(traits_of(stale.code).retryable);
  const auto old = refused(decide({}, nothing, of(7, 9), now, {})).why;
  CHECK(old.code == error_code::retroactive_write);
  CHECK(old.message
        == "a write at 9.0 is at or below the closed timestamp, 10.0: history doesn't change, "
           "write a correction");
  const auto early = too_early(stamp(101), stamp(100));
  CHECK(traits_of(early.code).retryable);
  CHECK(early.message
        == "the write comes after 101.0, which this partition hasn't seen: it is at 100.0");
}

TEST_CASE("a merge says of which version it is made, and by what") {
  const auto made = decide({strategy::merge, "crdt", {}}, plain, based_on(49), now, {});
  const auto& merged = std::get<merge_both>(made);
  CHECK(merged.merging == "crdt");
  CHECK(merged.version == stamp(50));
  CHECK(std::get<wait_for>(decide({}, plain, {.after = stamp(101)}, now, {})).stamp
        == stamp(101));
}

TEST_CASE("imports that arrive in any order, any number of times, leave the same one (P1)") {
  CHECK(rc::check([](std::vector<std::pair<std::uint8_t, std::uint8_t>> arrivals, bool first) {
    const auto how = first ? fww : lww;
    const auto left_by = [&](const auto& order) {
      current_value current;
      std::uint64_t clock = 1000;
      for (const auto& [ms, origin] : order) {
        const incoming_write write{.at = from(origin, 11 + ms)};
        const auto made = decide({how, {}, {}}, current, write, now, {});
        RC_ASSERT(!std::holds_alternative<refuse>(made));
        if (std::holds_alternative<accept>(made))
          current = {stamp(++clock), write.at};
      }
      return current.at;
    };
    const auto one = left_by(arrivals);
    auto again = arrivals;
    again.insert(again.end(), arrivals.rbegin(), arrivals.rend());
    const std::vector<std::pair<std::uint8_t, std::uint8_t>> backwards(arrivals.rbegin(),
                                                                       arrivals.rend());
    RC_ASSERT(left_by(backwards) == one);
    RC_ASSERT(left_by(again) == one);
    const std::set<std::pair<std::uint8_t, std::uint8_t>> sorted(arrivals.begin(),
                                                                 arrivals.end());
    if (!sorted.empty()) {
      const auto& best = first ? *sorted.begin() : *sorted.rbegin();
      RC_ASSERT(one == from(best.second, 11 + best.first));
    }
  }));
}

TEST_CASE("whoever read nothing isn't in conflict with what was removed") {
  const current_value removed{stamp(50), {}, true};
  CHECK(std::holds_alternative<accept>(
    decide({strategy::reject}, removed, based_on(0), now, {})));
  CHECK(std::holds_alternative<accept>(
    decide({strategy::reject}, removed, based_on(50), now, {})));
  CHECK(std::holds_alternative<refuse>(
    decide({strategy::reject}, removed, based_on(40), now, {})));
}

TEST_CASE("a space's rules are read back as they are shown") {
  for (const auto* text :
       {"reject", "last-writer-wins", "first-writer-wins", "merge:union", "merge:intersection",
        "merge:crdt", "merge:custom:longest", "escalate", "escalate:on-call"}) {
    const auto rules = parse_rules(text);
    REQUIRE(rules);
    CHECK(to_string(*rules) == text);
  }
  for (const auto* text : {"", "merge", "merge:", "merge:custom:", "escalate:", "lww"}) {
    const auto none_of_them = parse_rules(text);
    REQUIRE_FALSE(none_of_them);
    CHECK(none_of_them.problem().code == error_code::invalid);
  }
}
