#include "runtime/observe/metrics.hpp"
#include "runtime/observe/tracer.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <thread>

using namespace present;
using namespace present::observe;

namespace {

struct world {
  explicit world(tracer::settings chosen = {}) : of(with_node(chosen), clock, entropy) {}
  static tracer::settings with_node(tracer::settings chosen) {
    chosen.node = node_id{3};
    return chosen;
  }

  edge::manual_clock clock{7000};
  edge::seeded_entropy entropy{1};
  tracer of;
};

} // namespace

TEST_CASE("at the door some of what nobody wished to be sampled is, under its own id") {
  world with({.traces_per_second = 1});
  const trace_context caller{5, 6, 7, false};
  auto first = with.of.start_at_door("session", caller);
  CHECK(first.is_recorded());
  CHECK(first.context().trace_low == 6);
  first.finish();
  CHECK(with.of.find(5, 6).front().parent == 7);
  std::size_t recorded = 0;
  for (std::uint64_t id = 1; id <= 1000; ++id)
    recorded += with.of.start_at_door("session", {id, id << 40, 7, false}).is_recorded();
  CHECK(recorded <= 2);
  CHECK(with.of.start_at_door("session", {5, 6, 7, true}).is_recorded()); // a wish is kept
}

TEST_CASE("of one trace no more than the bound is shown, the newest") {
  world with;
  for (std::size_t i = 0; i < max_trace_spans + 5; ++i) {
    with.clock.advance_ms(1);
    with.of.start("again", {1, 2, 3, true});
  }
  const auto found = with.of.find(1, 2);
  CHECK(found.size() == max_trace_spans);
  CHECK(found.front().start_ms == 7000 + 6);
}

TEST_CASE("what nobody exports is not kept for that, nor called lost") {
  world with({.spans_exported = 0});
  with.of.start("one", {1, 2, 3, true});
  CHECK(with.of.take_for_export().empty());
  CHECK(with.of.read_figures().not_exported == 0);
  CHECK(with.of.find(1, 2).size() == 1);
}

TEST_CASE("a span is recorded when it ends, with its parent's trace") {
  world with;
  auto outer = with.of.start("PUT /v1/kv");
  with.clock.advance_ms(2);
  {
    auto inner = with.of.start("propose", outer.context());
    inner.set("partition", "4");
    inner.depends_on(hlc_stamp::of(9, 1));
    inner.in_epoch(2, map_epoch{5});
    inner.fail(error_code::no_quorum);
    with.clock.advance_ms(3);
  }
  const auto trace = outer.context();
  outer.finish();
  const auto found = with.of.find(trace.trace_high, trace.trace_low);
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "PUT /v1/kv");
  CHECK(found[0].parent == 0);
  CHECK(found[0].start_ms == 7000);
  CHECK(found[0].duration_us == 5000);
  const auto& inner = found[1];
  CHECK(inner.parent == trace.span);
  CHECK(inner.self.span != trace.span);
  CHECK(inner.node == node_id{3});
  CHECK(inner.duration_us == 3000);
  CHECK(inner.outcome == error_code::no_quorum);
  CHECK(inner.causes == std::vector{hlc_stamp::of(9, 1)});
  CHECK(inner.constitution == 2);
  CHECK(inner.map == map_epoch{5});
  CHECK(with.of.find(1, 2).empty());
}

TEST_CASE("a caller's decision to sample is kept, either way") {
  world with({.traces_per_second = 0});
  CHECK_FALSE(with.of.start("new").is_recorded());
  const trace_context sampled{1, 2, 3, true};
  CHECK(with.of.start("asked", sampled).is_recorded());
  const trace_context not_sampled{1, 2, 3, false};
  const auto span = with.of.start("not asked", not_sampled);
  CHECK_FALSE(span.is_recorded());
  CHECK(span.context() == not_sampled);
}

TEST_CASE("an unsampled trace has an id all the same") {
  world with({.traces_per_second = 0});
  const auto span = with.of.start("new");
  CHECK(trace_id_text(span.context()).size() == 32);
  CHECK_FALSE(span.context().sampled);
}

TEST_CASE("a moved span is recorded once") {
  world with;
  auto one = with.of.start("x");
  auto other = std::move(one);
  one.finish();
  CHECK(with.of.read_figures().recorded == 0);
  other.finish();
  other.finish();
  CHECK(with.of.read_figures().recorded == 1);
}

TEST_CASE("the latest spans are kept, and what nobody exports is counted") {
  world with({.traces_per_second = 1000, .spans_kept = 4, .spans_exported = 2});
  std::vector<trace_context> contexts;
  for (int i = 0; i < 6; ++i) {
    auto span = with.of.start("x");
    contexts.push_back(span.context());
  }
  CHECK(with.of.find(contexts[1].trace_high, contexts[1].trace_low).empty());
  CHECK(with.of.find(contexts[2].trace_high, contexts[2].trace_low).size() == 1);
  CHECK(with.of.take_for_export().size() == 2);
  CHECK(with.of.take_for_export().empty());
  CHECK(with.of.read_figures().not_exported == 4);
}

TEST_CASE("what is said of a span has its bounds") {
  world with;
  auto span = with.of.start(std::string(1000, 'n'));
  for (int i = 0; i < 100; ++i) {
    span.set(std::string(1000, 'k'), std::string(1000, 'v'));
    span.depends_on(hlc_stamp{1});
  }
  span.finish();
  const auto taken = with.of.take_for_export();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].name.size() == max_span_text);
  CHECK(taken[0].attributes.size() == max_span_attributes);
  CHECK(taken[0].attributes[0].second.size() == max_span_text);
  CHECK(taken[0].causes.size() == max_span_causes);
}

TEST_CASE("ids differ between threads") {
  world with({.traces_per_second = 0});
  std::mutex mutex;
  std::set<std::uint64_t> seen;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        const auto span = with.of.start("x");
        const std::lock_guard hold(mutex);
        seen.insert(span.context().trace_low);
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(seen.size() == 4000);
}

TEST_CASE("spans are exported as OTLP has them") {
  span one;
  one.self = {0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0xf067aa0ba902b7, true};
  one.parent = 9;
  one.name = "propose";
  one.node = node_id{2};
  one.start_ms = 1'763'875'200'123;
  one.duration_us = 1500;
  one.outcome = error_code::deadline;
  one.attributes = {{"key", "\xff"}};
  one.causes = {hlc_stamp::of(5, 1), hlc_stamp::of(6, 0)};
  one.map = map_epoch{4};
  auto root = one;
  root.parent = 0;
  root.outcome = error_code::ok;
  root.node = node_id{1};

  const auto body = nlohmann::json::parse(encode_otlp({one, root}, "0.1.0"));
  REQUIRE(body["resourceSpans"].size() == 2);
  const auto& resource = body["resourceSpans"][1];
  CHECK(resource["resource"]["attributes"][2]["value"]["stringValue"] == "2");
  const auto& row = resource["scopeSpans"][0]["spans"][0];
  CHECK(row["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(row["spanId"] == "00f067aa0ba902b7");
  CHECK(row["parentSpanId"] == "0000000000000009");
  CHECK(row["startTimeUnixNano"] == "1763875200123000000");
  CHECK(row["endTimeUnixNano"] == "1763875200124500000");
  CHECK(row["status"]["code"] == 2);
  CHECK(row["status"]["message"] == "deadline");
  CHECK(row["attributes"][2]["key"] == "present.epoch.map");
  CHECK(row["attributes"][2]["value"]["stringValue"] == "4");
  CHECK(row["attributes"][3]["value"]["stringValue"] == "5.1,6.0");
  const auto& first = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  CHECK_FALSE(first.contains("parentSpanId"));
  CHECK(first["status"]["code"] == 1);
}

TEST_CASE("a scrape says how much is traced") {
  world with;
  with.of.start("x").finish();
  metrics all;
  add_trace_metrics(all, with.of);
  const auto text = all.text();
  CHECK(text.find("\npresent_trace_spans_total 1\n") != std::string::npos);
  CHECK(text.find("\npresent_trace_sampled_ratio 1\n") != std::string::npos);
}
