#pragma once

#include "actors/client/client_machine.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace present::client::test {

inline constexpr node_id anywhere{0};
inline constexpr partition_id root{0};

/// Three nodes, one space `things`, number 1, in partition 0, led by node 1.
inline cluster_map small_map() {
  cluster_map map;
  map.epoch = {5};
  for (std::uint32_t node = 1; node <= 3; ++node)
    map.nodes.push_back({{node}, {node}, storage::node_state::active, "", ""});
  map.partitions = {{.partition = root, .members = {{1}, {2}, {3}}}};
  map.spaces = {{"things", {1}}};
  map.ranges = {{{1}, "", root}};
  map.leaders = {{root, {1}}};
  return map;
}

/// One client machine; the test plays the nodes.
class client_under_test {
public:
  explicit client_under_test(settings options = {.id = {7}, .seed = 1})
      : machine(options) {}

  void hear(event_kind what) {
    effects out;
    machine.step({now, wall_ms, std::move(what)}, out);
    for (auto& effect : out)
      std::visit([this](auto& e) { note(e); }, effect);
  }

  call_id call(call_kind what, std::uint32_t deadline_ms = 0) {
    hear(called{++last_call_, std::move(what), deadline_ms});
    return last_call_;
  }
  call_id put(std::string key = "k", std::uint32_t deadline_ms = 0) {
    return call(put_call{"things", std::move(key), nullptr, always{}}, deadline_ms);
  }
  call_id get(std::string key = "k", std::uint32_t deadline_ms = 0) {
    return call(get_call{"things", std::move(key)}, deadline_ms);
  }

  void give_map(cluster_map map = small_map(), node_id from = {1}) {
    hear(map_arrived{from, std::make_shared<const cluster_map>(std::move(map))});
  }

  void pass(time_ms ms) {
    now += ms;
    wall_ms += ms;
    hear(time_passed{});
  }
  /// To the next wake, like the shell's timer; returns how long that took.
  time_ms wake() {
    REQUIRE(machine.next_wake());
    const auto ms = *machine.next_wake() > now ? *machine.next_wake() - now : 0;
    pass(ms);
    return ms;
  }

  // -- what the nodes say ----------------------------------------------------------

  /// The oldest attempt without an answer.
  send_attempt take() {
    REQUIRE(!sent.empty());
    auto first = std::move(sent.front());
    sent.erase(sent.begin());
    return first;
  }
  void succeed(const send_attempt& what, hlc_stamp version = {}) {
    answer given;
    given.id = what.what.id;
    given.version = version;
    hear(answered{what.attempt, given, {}, version, map_epoch{5}, what.to});
  }
  /// The state machine's answer.
  void refuse(const send_attempt& what, error_code code, hlc_stamp stamp = {}) {
    answer given;
    given.id = what.what.id;
    given.code = code;
    given.known = traits_of(code).known_outcome;
    hear(answered{what.attempt, given, {}, stamp, map_epoch{5}, what.to});
  }
  /// The node's refusal of the whole request.
  void fail(const send_attempt& what, error_code code, node_id leader = {},
            std::uint32_t retry_after_ms = 0) {
    auto why = make_error(code, "said the node");
    why.retry_after_ms = retry_after_ms;
    hear(answered{what.attempt, {}, why, {}, map_epoch{5}, leader});
  }

  const outcome_of_call& outcome_of(call_id id) const {
    REQUIRE(outcomes.contains(id));
    return outcomes.at(id);
  }
  bool is_open(call_id id) const { return !outcomes.contains(id); }

  time_ms now = 1'000;
  std::uint64_t wall_ms = 1'000'000;
  client_machine machine;
  std::vector<send_attempt> sent; ///< without an answer
  std::vector<fetch_map> asked_for_map;
  std::map<call_id, outcome_of_call> outcomes;
  int ended = 0; ///< how often the session was said to have

private:
  void note(session_ended&) { ++ended; }
  void note(send_attempt& what) { sent.push_back(std::move(what)); }
  void note(fetch_map& what) { asked_for_map.push_back(what); }
  void note(complete& what) {
    // I1
    CHECK_MESSAGE(outcomes.emplace(what.id, std::move(what.how)).second,
                  "a call is completed twice");
  }

  call_id last_call_ = 0;
};

} // namespace present::client::test
