#include "actors/client/watch_stream_machine.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace present;
using namespace present::client;
namespace stream = present::client::watch_stream;

namespace {

/// Space "things" in two partitions, cut at "m".
cluster_map_ptr cut_map() {
  auto map = std::make_shared<cluster_map>();
  map->epoch = {5};
  map->spaces = {{"things", {1}}, {"other", {2}}};
  map->ranges = {{{1}, "", {1}}, {{1}, "m", {2}}, {{2}, "", {3}}};
  return map;
}

watched_change change(std::string key, std::uint64_t index, std::uint32_t ordinal = 0) {
  return {std::move(key), {index * 10}, false, nullptr, {{index}, ordinal}};
}

/// One stream; the test plays cluster and user.
class stream_under_test {
public:
  explicit stream_under_test(watch_options what = {"things", "", true, {}})
      : machine({std::move(what), 1, 5000}) {
    hear(stream::begun{});
  }

  void hear(stream::event_kind what) {
    stream::effects out;
    machine.step({now, std::move(what)}, out);
    for (auto& effect : out)
      std::visit([this](auto& e) { note(e); }, effect);
  }
  void give_map() { hear(stream::map_known{cut_map()}); }
  void answer(std::uint32_t partition, std::vector<watched_change> changes, watch_position next) {
    outcome_of_call how;
    how.given.watched
      = std::make_shared<const watched_page>(watched_page{std::move(changes), next});
    take(partition);
    hear(stream::answered{{partition}, std::move(how)});
  }
  void fail(std::uint32_t partition, error_code code) {
    outcome_of_call how;
    how.problem = make_error(code, "said the partition");
    take(partition);
    hear(stream::answered{{partition}, std::move(how)});
  }
  /// Both have told their places.
  void follow() {
    give_map();
    answer(1, {}, {{10}, 0});
    answer(2, {}, {{20}, 0});
  }
  void pass(time_ms ms) {
    now += ms;
    hear(stream::time_passed{});
  }

  std::string told() {
    std::string all;
    for (auto& event : std::exchange(events, {})) {
      CHECK(event.token.of_watch != 0);
      event.token.of_watch = 0;
      all += std::string{to_string(event.is)} + ":" + event.key + "@" + to_text(event.token) + " ";
    }
    return all;
  }
  bool asks(std::uint32_t partition) const {
    for (const auto& each : asked)
      if (each.what.partition == partition_id{partition})
        return true;
    return false;
  }

  time_ms now = 1000;
  stream::machine machine;
  int maps_asked = 0;
  std::vector<stream::ask_partition> asked; ///< without an answer
  std::vector<watch_event> events;

private:
  void note(stream::ask_map&) { ++maps_asked; }
  void note(stream::ask_partition& what) { asked.push_back(std::move(what)); }
  void note(stream::deliver& what) {
    for (auto& event : what.events)
      events.push_back(std::move(event));
  }
  void take(std::uint32_t partition) {
    REQUIRE(asks(partition));
    std::erase_if(asked, [&](const auto& one) { return one.what.partition == partition_id{partition}; });
  }
};

} // namespace

TEST_CASE("a watch has started when each partition has told its place") {
  stream_under_test watch;
  CHECK(watch.maps_asked == 1);
  watch.give_map();
  REQUIRE(watch.asked.size() == 2);
  CHECK(watch.asked[0].what.what.wait_ms == 0);
  watch.answer(1, {}, {{10}, 0});
  CHECK(watch.events.empty());
  CHECK_FALSE(watch.asks(1));
  watch.answer(2, {}, {{20}, 0});
  CHECK(watch.told() == "started:@1.10.0,2.20.0 ");
  CHECK(watch.asked.size() == 2);
  CHECK(watch.asked[0].what.what.from == watch_position{{10}, 0});
  CHECK(watch.asked[0].what.what.wait_ms == 5000);
  CHECK(watch.asked[0].deadline_ms == 10'000);
}

TEST_CASE("the token of each event goes on behind it (S3)") {
  stream_under_test watch;
  watch.follow();
  watch.told();
  watch.answer(2, {change("x", 21, 1), change("y", 22)}, {{30}, 0});
  CHECK(watch.told() == "put:x@1.10.0,2.21.1 put:y@1.10.0,2.22.0 ");
  watch.answer(1, {change("a", 11)}, {{12}, 0});
  CHECK(watch.told() == "put:a@1.11.0,2.30.0 ");
}

TEST_CASE("a partition is asked again when what it told has been taken (S2)") {
  stream_under_test watch;
  watch.follow();
  watch.answer(1, {change("a", 11)}, {{12}, 0});
  CHECK_FALSE(watch.asks(1));
  watch.hear(stream::taken{{2}});
  CHECK(watch.asked.size() == 1);
  watch.hear(stream::taken{{1}});
  REQUIRE(watch.asks(1));
  CHECK(watch.asked.back().what.what.from == watch_position{{12}, 0});
}

TEST_CASE("a watch of a key, or of a prefix, asks those that have it") {
  stream_under_test key{{"things", "z", false, {}}};
  key.give_map();
  REQUIRE(key.asked.size() == 1);
  CHECK(key.asks(2));
  stream_under_test prefix{{"things", "ab", true, {}}};
  prefix.give_map();
  CHECK(prefix.asked.size() == 1);
  CHECK(prefix.asks(1));
  stream_under_test both{{"things", "m", true, {}}};
  both.give_map();
  CHECK(both.asked.size() == 1);
  CHECK(both.asks(2));
}

TEST_CASE("a token is gone on from at once; one of another watch is refused") {
  const auto from = [](const char* text) {
    return stream_under_test{{"things", "", true, *parse_watch_token(text)}};
  };
  auto good = from("1.5.0,2.6.1");
  good.give_map();
  CHECK(good.told() == "started:@1.5.0,2.6.1 ");
  CHECK(good.asked[1].what.what.from == watch_position{{6}, 1});
  auto above = from("@77");
  above.give_map();
  CHECK(above.told() == "started:@@77 ");
  CHECK(above.asked[0].what.what.above == hlc_stamp{77});
  CHECK_FALSE(above.asked[0].what.what.from.is_set());
  for (const auto* text : {"1.5.0", "1.5.0,2.6.1,3.1.0"}) {
    auto bad = from(text);
    bad.give_map();
    REQUIRE(bad.events.size() == 1);
    CHECK(bad.events[0].why.code == error_code::invalid);
    CHECK(bad.machine.has_ended());
  }
}

TEST_CASE("a token names its watch: where it fits by chance it is refused, too") {
  stream_under_test first{{"things", "ab", true, {}}};
  first.give_map();
  first.answer(1, {change("abc", 11)}, {{11}, 0});
  REQUIRE_FALSE(first.events.empty());
  const auto token = *parse_watch_token(to_text(first.events.back().token));
  const auto problem_of = [&](watch_options what) {
    what.from = token;
    stream_under_test again{what};
    again.give_map();
    return again.events.front().why.code;
  };
  CHECK(problem_of({"things", "ab", true, {}}) == error_code::ok);
  CHECK(problem_of({"things", "ab", false, {}}) == error_code::invalid);
  CHECK(problem_of({"things", "abc", true, {}}) == error_code::invalid);
}

TEST_CASE("who comes too late is told to list again, and nothing after that (S4)") {
  stream_under_test watch;
  watch.follow();
  watch.told();
  watch.fail(1, error_code::too_old);
  REQUIRE(watch.events.size() == 1);
  CHECK(watch.events[0].is == watch_event::kind::ended);
  CHECK(watch.events[0].why.code == error_code::too_old);
  watch.answer(2, {change("x", 21)}, {{22}, 0});
  CHECK(watch.events.size() == 1);
  CHECK_FALSE(watch.machine.next_wake());
}

TEST_CASE("what can't be had now is asked for again from the same place (S1)") {
  stream_under_test watch;
  watch.follow();
  for (const auto code : {error_code::no_quorum, error_code::deadline, error_code::overloaded,
                          error_code::wrong_partition, error_code::unknown_outcome}) {
    watch.fail(1, code);
    CHECK_FALSE(watch.asks(1));
    REQUIRE(watch.machine.next_wake());
    watch.pass(*watch.machine.next_wake() - watch.now);
    REQUIRE(watch.asks(1));
    CHECK(watch.asked.back().what.what.from == watch_position{{10}, 0});
  }
}

TEST_CASE("without a map it is asked for again, and a space that isn't there ends the watch") {
  stream_under_test watch;
  watch.hear(stream::map_failed{make_error(error_code::no_quorum, "nobody")});
  watch.pass(*watch.machine.next_wake() - watch.now);
  CHECK(watch.maps_asked == 2);
  stream_under_test nowhere{{"nowhere", "", true, {}}};
  nowhere.give_map();
  REQUIRE(nowhere.events.size() == 1);
  CHECK(nowhere.events[0].why.code == error_code::unknown_space);
}

TEST_CASE("where nothing changes a later place is told") {
  stream_under_test watch;
  watch.follow();
  watch.told();
  watch.answer(2, {}, {{40}, 0});
  CHECK(watch.told() == "progress:@1.10.0,2.40.0 ");
}
