#include "actors/partition/digest_audit.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;

namespace {

using buckets = std::vector<std::uint16_t>;

/// Node 1 leads a group; the test plays its log and its peers.
struct leader_under_test {
  digest_audit audit{{.self = {1}, .marker_interval_ms = 1000, .marker_entries = 100}};
  audit_view seen;
  time_ms now = 5000;
  std::vector<ask_digest> asked;
  std::vector<report_damage> damage;
  std::vector<note_disputes> disputes;
  int markers = 0;

  explicit leader_under_test(std::vector<std::uint32_t> voters = {1, 2, 3}) {
    for (const auto node : voters) {
      seen.members.voters.push_back({node});
      seen.reachable.insert({node});
    }
    audit.on_role(true, now);
  }

  void look() {
    while (audit.is_due(seen.applied, now))
      for (const auto& step : audit.look(seen, now))
        std::visit([this](const auto& what) { note(what); }, step);
  }
  void apply(std::uint64_t entries = 1) {
    seen.applied.value += entries;
    look();
  }
  void pass(time_ms ms) {
    now += ms;
    look();
  }
  /// The marker that was asked for is in the log, and applied here.
  log_index mark() {
    seen.applied = next(seen.applied);
    audit.on_marker(seen.applied, now);
    look();
    return seen.applied;
  }
  /// A state in which the buckets named hold something else.
  static digest_ptr digest(const buckets& other = {}, std::uint64_t what = 1) {
    auto made = std::make_shared<storage::state_digest>();
    for (std::size_t bucket = 0; bucket < storage::state_digest::buckets; ++bucket)
      (*made)[bucket] = {1000 + bucket, bucket};
    for (const auto bucket : other)
      (*made)[bucket].sum += what;
    return made;
  }
  void taken(log_index marker, digest_ptr what) {
    audit.on_taken(marker, std::move(what));
    look();
  }
  void told(std::uint32_t node, log_index marker, digest_ptr what) {
    audit.on_told({node}, {marker, digest_standing::taken, std::move(what)});
    look();
  }
  void lost(std::uint32_t node, log_index marker) {
    audit.on_told({node}, {marker, digest_standing::lost, nullptr});
    look();
  }

  void note(const log_marker&) { ++markers; }
  void note(const ask_digest& what) { asked.push_back(what); }
  void note(const report_damage& what) { damage.push_back(what); }
  void note(const note_disputes& what) { disputes.push_back(what); }
};

} // namespace

TEST_CASE("a marker comes after a while if there is anything new, and after so many entries (G5)") {
  leader_under_test one;
  one.seen.reachable.clear();
  one.pass(10'000);
  CHECK(one.markers == 0);
  one.apply();
  CHECK(one.markers == 1);
  one.mark();
  one.pass(10'000);
  CHECK(one.markers == 1);
  one.apply();
  CHECK(one.markers == 2);
  one.mark();
  one.apply();
  one.pass(900);
  CHECK(one.markers == 2);
  one.pass(100);
  CHECK(one.markers == 3);
  one.mark();
  one.apply(99);
  CHECK(one.markers == 3);
  one.apply();
  CHECK(one.markers == 4);
}

TEST_CASE("peers are asked until they answer, or have been asked often enough") {
  leader_under_test one;
  const auto marker = one.mark();
  REQUIRE(one.asked.size() == 2);
  CHECK(one.asked[0].marker == marker);
  one.told(2, marker, one.digest());
  one.seen.reachable.erase({2});
  one.pass(500);
  REQUIRE(one.asked.size() == 3);
  CHECK(one.asked[2].peer == node_id{3});
  for (int again = 0; again < 200; ++again)
    one.pass(500);
  CHECK(one.asked.size() == 61);
  CHECK_FALSE(one.audit.next_look());
}

TEST_CASE("a peer that differs from a majority is told so, in which buckets, and once (G2)") {
  leader_under_test one;
  const auto marker = one.mark();
  one.taken(marker, one.digest());
  one.told(2, marker, one.digest({7, 200}));
  CHECK(one.damage.empty());
  one.told(3, marker, one.digest());
  REQUIRE(one.damage.size() == 1);
  CHECK(one.damage[0].replica == node_id{2});
  CHECK(one.damage[0].marker == marker);
  CHECK(one.damage[0].buckets == buckets{7, 200});
  CHECK(one.audit.repair_index() == marker);
  one.audit.on_told({2}, {marker, digest_standing::taken, one.digest({9})});
  one.look();
  CHECK(one.damage.size() == 1);
}

TEST_CASE("a leader that differs from a majority is the damaged one, and repairs nobody (G2, G4)") {
  leader_under_test one;
  const auto marker = one.mark();
  one.taken(marker, one.digest({3}));
  one.told(2, marker, one.digest());
  one.told(3, marker, one.digest());
  REQUIRE(one.damage.size() == 1);
  CHECK(one.damage[0].replica == node_id{1});
  CHECK(one.audit.repair_index() == log_index{});
}

TEST_CASE("where nobody has a majority nobody is damaged: the buckets are disputed (G3)") {
  leader_under_test one;
  const auto marker = one.mark();
  one.taken(marker, one.digest());
  one.told(2, marker, one.digest({3, 4}));
  REQUIRE(one.disputes.size() == 1);
  CHECK(one.disputes[0].buckets == buckets{3, 4});
  SUBCASE("the third agrees with one of them") {
    one.told(3, marker, one.digest({3, 4}));
    CHECK(one.disputes.back().buckets.empty());
    CHECK(one.damage.back().replica == node_id{1});
  }
  SUBCASE("the third says something else") {
    one.told(3, marker, one.digest({4}, 2));
    CHECK(one.disputes.back().buckets == buckets{4});
    CHECK(one.damage.back().replica == node_id{2});
    CHECK(one.damage.back().buckets == buckets{3});
    CHECK(one.audit.repair_index() == log_index{});
  }
  SUBCASE("the third has lost its state: still nobody can say") {
    one.lost(3, marker);
    CHECK(one.disputes.size() == 1);
    CHECK(one.damage.empty());
    CHECK(one.audit.repair_index() == log_index{});
  }
  SUBCASE("it stays so over a marker at which the others are silent") {
    const auto later = one.mark();
    one.taken(later, one.digest());
    CHECK(one.disputes.size() == 1);
    one.told(2, later, one.digest());
    CHECK(one.disputes.back().buckets.empty());
  }
}

TEST_CASE("a state is given to others only as of a marker at which a majority has it (G4, P25)") {
  leader_under_test one;
  const auto marker = one.mark();
  one.taken(marker, one.digest());
  CHECK(one.audit.repair_index() == log_index{});
  SUBCASE("two of three") {
    one.told(2, marker, one.digest());
    CHECK(one.audit.repair_index() == marker);
    one.mark();
    CHECK(one.audit.repair_index() == log_index{});
  }
  SUBCASE("one is lost, one silent: that is no majority") {
    one.lost(2, marker);
    CHECK(one.audit.repair_index() == log_index{});
  }
  SUBCASE("the last good copy: both others say that they have none") {
    one.lost(2, marker);
    one.lost(3, marker);
    CHECK(one.audit.repair_index() == marker);
  }
  SUBCASE("who has taken none at this marker speaks neither for nor against") {
    one.audit.on_told({2}, {marker, digest_standing::unknown, nullptr});
    one.lost(3, marker);
    CHECK(one.audit.repair_index() == log_index{});
  }
}

TEST_CASE("while a joint configuration is under way both sides have to agree (G2)") {
  leader_under_test one{{1, 2, 3}};
  one.seen.members.outgoing = {{1}, {4}, {5}};
  const auto marker = one.mark();
  one.taken(marker, one.digest());
  one.told(2, marker, one.digest());
  CHECK(one.audit.repair_index() == log_index{});
  one.told(4, marker, one.digest());
  CHECK(one.audit.repair_index() == marker);
}

TEST_CASE("learners are judged, and have no voice (G2)") {
  leader_under_test one{{1}};
  one.seen.members.learners = {{2}, {3}};
  const auto marker = one.mark();
  one.told(2, marker, one.digest({5}));
  one.told(3, marker, one.digest({5}));
  CHECK(one.damage.empty());
  one.taken(marker, one.digest());
  CHECK(one.damage.size() == 2);
}

TEST_CASE("the next marker waits while peers may still answer about the last one") {
  leader_under_test one;
  const auto marker = one.mark();
  one.apply(1000);
  one.pass(2000);
  CHECK(one.markers == 0);
  one.told(2, marker, one.digest());
  one.told(3, marker, one.digest());
  CHECK(one.markers == 1);
}

TEST_CASE("while a replica waits for repair markers come sooner, and also if nothing is new") {
  leader_under_test one;
  one.seen.reachable.clear();
  one.mark();
  one.audit.want_repair(one.now);
  one.look();
  CHECK(one.markers == 0);
  one.pass(2000);
  CHECK(one.markers == 1);
  one.pass(10'000);
  CHECK(one.markers == 1); // that one is still on its way
  one.mark();
  CHECK_FALSE(one.audit.repair_is_wanted(one.now));
}

TEST_CASE("what a replica answers depends on what it took at that marker") {
  digest_audit audit{{.self = {2}}};
  const auto digest = leader_under_test::digest();
  CHECK_FALSE(audit.answer({{10}}, {9}, false)); // not there yet
  CHECK(audit.answer({{10}}, {10}, false)->standing == digest_standing::unknown);
  audit.on_marker({10}, 0);
  CHECK_FALSE(audit.answer({{10}}, {10}, false)); // its checkpoint is on its way
  audit.on_taken({9}, digest);
  CHECK_FALSE(audit.answer({{10}}, {10}, false));
  audit.on_taken({10}, digest);
  CHECK(audit.answer({{10}}, {12}, false)->digest == digest);
  CHECK(audit.answer({{10}}, {12}, true)->standing == digest_standing::lost);
  audit.on_marker({20}, 0);
  audit.on_taken({20}, nullptr);
  CHECK(audit.answer({{20}}, {20}, false)->standing == digest_standing::unknown);
  CHECK(audit.answer({{10}}, {20}, false)->standing == digest_standing::unknown);
}
