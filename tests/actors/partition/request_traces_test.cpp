#include "actors/partition/request_traces.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

constexpr observe::trace_context asked{7, 8, 9, true};

/// A replica's traces, with a clock that the test moves.
struct traced_replica {
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& one : of.find(asked.trace_high, asked.trace_low))
      all.push_back(one.name);
    std::sort(all.begin(), all.end());
    return all;
  }
  observe::span span(const std::string& name) const {
    for (const auto& one : of.find(asked.trace_high, asked.trace_low))
      if (one.name == name)
        return one;
    FAIL("no span " << name);
    return {};
  }
  /// Of the partition's span.
  std::string attribute(const std::string& name) const {
    for (const auto& [called, text] : span("partition").attributes)
      if (called == name)
        return text;
    return "-";
  }

  edge::manual_clock clock{7'000};
  edge::seeded_entropy entropy{1};
  observe::tracer of{{.node = {2}}, clock, entropy};
  request_traces traces{&of};
};

operation numbered_put(std::uint64_t number) {
  return write(1, number, put_of("k" + std::to_string(number), "v"));
}

request single(operation what) {
  request made;
  made.operations = {std::move(what)};
  return made;
}

} // namespace

TEST_CASE("a sampled write's spans say what it waited for (O1)") {
  traced_replica with;
  REQUIRE(with.traces.begin(1, asked, {3}, single(numbered_put(1))));
  with.clock.advance_ms(2);
  with.traces.on_write_sent(5);
  with.traces.on_stage({1, request_stage::logged}, 0);
  with.clock.advance_ms(4);
  with.traces.on_written(5);
  with.clock.advance_ms(3);
  const auto turn_began = with.clock.monotonic_ns();
  with.clock.advance_ms(1);
  with.traces.on_stage({1, request_stage::applied}, turn_began);
  with.traces.end(1, {});
  CHECK(with.traces.is_empty());
  CHECK(with.names()
        == std::vector<std::string>{"apply", "commit", "gather", "journal", "partition"});
  CHECK(with.span("gather").duration_us == 2'000);
  CHECK(with.span("journal").duration_us == 4'000);
  CHECK(with.span("commit").duration_us == 7'000);
  CHECK(with.span("apply").duration_us == 1'000);
  const auto whole = with.span("partition");
  CHECK(whole.duration_us == 10'000);
  CHECK(whole.parent == asked.span);
  CHECK(whole.node == node_id{2});
  CHECK(with.span("apply").parent == whole.self.span);
  CHECK(with.span("journal").parent == with.span("commit").self.span);
}

TEST_CASE("an entry that was durable before it was known to be logged has no journal span") {
  traced_replica with;
  with.traces.begin(1, asked, {3}, single(numbered_put(1)));
  with.traces.on_write_sent(5);
  with.traces.on_written(5);
  with.traces.on_stage({1, request_stage::logged}, 0);
  with.traces.end(1, {});
  CHECK(with.names() == std::vector<std::string>{"commit", "gather", "partition"});
}

TEST_CASE("a refusal is in its span") {
  traced_replica with;
  with.traces.begin(1, asked, {3}, single(numbered_put(1)));
  response refused;
  refused.answers.emplace_back().code = error_code::version_conflict;
  with.traces.end(1, refused);
  CHECK(with.span("partition").outcome == error_code::version_conflict);
}

TEST_CASE("a conflict and what became of it are in its request's span (O1, C1)") {
  traced_replica with;
  with.traces.begin(1, asked, {3}, single(numbered_put(1)));
  response given;
  given.answers.emplace_back();
  given.answers.emplace_back().conflict
    = conflict::note{conflict::conflict_kind::write_write, conflict::outcome_kind::merge_both};
  with.traces.end(1, given);
  CHECK(with.attribute("conflict") == "write-write");
  CHECK(with.attribute("conflict.outcome") == "merge-both");
  traced_replica without;
  without.traces.begin(1, asked, {3}, single(numbered_put(1)));
  without.traces.end(1, {});
  CHECK(without.attribute("conflict") == "-");
}

TEST_CASE("what isn't sampled isn't known, and no more than the bound is") {
  traced_replica with;
  auto unsampled = asked;
  unsampled.sampled = false;
  CHECK_FALSE(with.traces.begin(1, unsampled, {3}, single(numbered_put(1))));
  with.traces.on_stage({1, request_stage::logged}, 0);
  with.traces.end(1, {});
  CHECK(with.traces.is_empty());
  for (request_tag tag = 1; tag <= request_traces::max_open; ++tag)
    REQUIRE(with.traces.begin(tag, asked, {3}, single(numbered_put(tag))));
  CHECK_FALSE(with.traces.begin(999, asked, {3}, single(numbered_put(1))));
  request_traces without{nullptr};
  CHECK_FALSE(without.begin(1, asked, {3}, single(numbered_put(1))));
}

TEST_CASE("a replica tells the stages of traced requests, and of no others (O1)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.stages.clear();
  replica.ask({numbered_put(1)});
  replica.commit_all();
  CHECK(replica.stages.empty());
  replica.traced = true;
  const auto write = replica.ask({numbered_put(2)});
  replica.commit_all();
  const auto read_tag = replica.ask({read(get{{1}, "key"})});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  REQUIRE(replica.stages.size() == 3);
  CHECK(replica.stages[0].tag == write);
  CHECK(replica.stages[0].stage == request_stage::logged);
  CHECK(replica.stages[1].tag == write);
  CHECK(replica.stages[1].stage == request_stage::applied);
  CHECK(replica.stages[2].tag == read_tag);
  CHECK(replica.stages[2].stage == request_stage::confirmed);
}
