#include "tests/actors/raft/replica_under_test.hpp"

/// Idle groups (P20).
using namespace present;
using namespace present::raft;

namespace {

const raft_settings settings;

/// Leads, and both peers have everything.
replica_under_test a_leader() {
  replica_under_test one;
  one.lead();
  one.acknowledge(3, 1, one.machine().log().last().value);
  return one;
}

/// Answers each heartbeat, until the machine wants to be woken no sooner than a quiet
/// leader does.
void fall_quiet(replica_under_test& one) {
  for (time_ms passed = 0; passed <= settings.quiet_after_ms + settings.heartbeat_ms;
       passed += settings.heartbeat_ms) {
    one.wake();
    const auto last = one.machine().log().last().value;
    for (const std::uint32_t peer : {2u, 3u})
      one.acknowledge(peer, one.machine().current_term().value, last);
  }
}

/// What a quiet leader 2 said in term 1.
replica_under_test a_quiet_follower() {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0));
  one.flush();
  auto last = append(0, 0, 0);
  last.quiet = true;
  one.hear(2, 1, last);
  return one;
}

time_ms until_wake(replica_under_test& one) {
  REQUIRE(one.machine().next_wake().has_value());
  return *one.machine().next_wake() - one.now();
}

} // namespace

TEST_CASE("a leader with nothing to do says so, and rests (P20)") {
  auto one = a_leader();
  bool told = false;
  for (int beat = 0; beat < 30 && !told; ++beat) {
    one.wake();
    const auto beats = one.sent<append_request>();
    REQUIRE(beats.size() == 2);
    CHECK(beats[0].second.quiet == beats[1].second.quiet);
    told = beats[0].second.quiet;
    for (const std::uint32_t peer : {2u, 3u})
      one.acknowledge(peer, 1, 1);
  }
  CHECK(told);
  CHECK(until_wake(one) == settings.quiet_heartbeat_ms);
  one.wake();
  CHECK(one.sent<append_request>().size() == 2);
  CHECK(one.machine().role() == role_kind::leader);
  CHECK(one.machine().has_quorum());
  for (const auto& peer : one.machine().peers())
    CHECK(peer.reachable);
}

TEST_CASE("a proposal or a read wakes a quiet leader, and its appends the followers (P20)") {
  for (const bool read : {false, true}) {
    CAPTURE(read);
    auto one = a_leader();
    fall_quiet(one);
    if (read)
      one.tell(read_request{{1}});
    else
      one.tell(propose{{1}, std::make_shared<const std::string>("x")});
    for (const auto& [to, what] : one.sent<append_request>())
      CHECK(!what.quiet);
    CHECK(one.sent<append_request>().size() == 2);
    CHECK(until_wake(one) <= settings.heartbeat_ms);
    one.pass(settings.election_timeout_ms - 1);
    CHECK(one.machine().role() == role_kind::leader); // nobody had to be heard till now
    one.pass(settings.election_timeout_ms);
    CHECK(one.machine().role() == role_kind::follower); // nor was anybody since
  }
}

TEST_CASE("a quiet leader whose peer has lost its link, or asks for votes, wakes (P20)") {
  auto one = a_leader();
  fall_quiet(one);
  SUBCASE("link") { one.tell(link_changed{node(3), false}); }
  SUBCASE("pre-vote") {
    one.hear(3, 2, vote_request{log_index{1}, term{1}, true, false});
    CHECK(!one.sent<vote_reply>().front().second.granted);
  }
  CHECK(until_wake(one) == 0);
  one.wake();
  for (const auto& [to, what] : one.sent<append_request>())
    CHECK(!what.quiet);
  CHECK(one.sent<append_request>().size() == 2);
}

TEST_CASE("a leader is not quiet while a peer lacks an entry, or is away (P20)") {
  replica_under_test one;
  one.lead();
  SUBCASE("lags") {}
  SUBCASE("away") {
    one.acknowledge(3, 1, 1);
    one.tell(link_changed{node(3), false});
  }
  for (int beat = 0; beat < 50; ++beat) {
    one.wake();
    for (const auto& [to, what] : one.sent<append_request>())
      CHECK(!what.quiet);
    one.acknowledge(2, 1, 1);
  }
  CHECK(until_wake(one) <= settings.heartbeat_ms);
}

TEST_CASE("a quiet follower waits for no heartbeat, and refuses others its vote (P20)") {
  auto one = a_quiet_follower();
  one.pass(2 * settings.quiet_heartbeat_ms);
  CHECK(one.machine().role() == role_kind::follower);
  one.hear(3, 2, vote_request{log_index{}, term{}, true, false});
  CHECK(!one.sent<vote_reply>().front().second.granted);
}

TEST_CASE("a quiet follower campaigns when the link to its leader lapses (P20)") {
  auto one = a_quiet_follower();
  one.pass(settings.quiet_heartbeat_ms);
  one.tell(link_changed{node(2), false});
  CHECK(until_wake(one) <= settings.election_timeout_ms / 10);
  one.wake();
  CHECK(one.machine().role() == role_kind::pre_candidate);
}

TEST_CASE("a quiet leader that is gone from a node that is there is missed in the end (P20)") {
  auto one = a_quiet_follower();
  CHECK(until_wake(one) >= 3 * settings.quiet_heartbeat_ms);
  CHECK(until_wake(one) <= 5 * settings.quiet_heartbeat_ms);
  one.wake();
  CHECK(one.machine().role() == role_kind::pre_candidate);
}

TEST_CASE("a quiet follower that hears that there is work counts as before (P20)") {
  auto one = a_quiet_follower();
  one.hear(2, 1, append(0, 0, 0));
  CHECK(until_wake(one) <= settings.election_timeout_ms * 3 / 2);
}
