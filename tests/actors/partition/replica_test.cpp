#include "actors/partition/replica.hpp"
#include "storage/memory_journal.hpp"
#include "storage/memory_state_home.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

constexpr partition_id whose{1};

/// A replica with its disks, alone or one of three, whose effects are carried out
/// when the test says.
struct disks_and_replica {
  storage::memory_journal journal{{"alpha", {1}, {7}, 1}};
  storage::memory_state_home home;
  replica_settings options;
  std::unique_ptr<replica> it;
  replica_effects said;
  time_ms now = 1000;
  request_tag last_tag = 0;
  bool writes_at_once = true;

  explicit disks_and_replica(std::vector<node_id> voters = {{1}}) {
    options.machine.id = whose;
    options.machine.self = {1};
    options.founders.voters = std::move(voters);
    start();
  }

  void start() {
    auto state = home.open();
    const auto mark = (*state)->applied();
    it = std::make_unique<replica>(options, *journal.recover(whose), std::move(*state), *mark,
                                   now);
    hear(time_passed{});
    if (it->raft().members().voters.size() == 1)
      hear(map_known{map_with(2, {1})}); // it owns space 1
  }

  void hear(replica_event_kind what) {
    it->hear({now, first_wall_ms + now, std::move(what)}, said);
    while (it->turn(said)) {
    }
    while (writes_at_once)
      if (auto write = take<write_journal>())
        on_written(*write);
      else
        break;
  }
  void on_written(const write_journal& write) {
    REQUIRE(journal.append({&write.what, 1}).front());
    hear(raft::persisted{write.what.number});
  }
  void pass(time_ms ms) {
    now += ms;
    hear(time_passed{});
  }
  request_tag ask(operation what) {
    auto asked = request_of({std::move(what)});
    asked->partition = whose;
    hear(arrived{++last_tag, std::move(asked)});
    return last_tag;
  }

  /// The first effect of this kind, which is thereby carried out.
  template <class Effect>
  std::optional<Effect> take() {
    for (auto place = said.begin(); place != said.end(); ++place)
      if (auto* found = std::get_if<Effect>(&*place)) {
        auto taken = std::move(*found);
        said.erase(place);
        return taken;
      }
    return std::nullopt;
  }
  std::optional<error_code> answer() {
    const auto given = take<respond>();
    if (!given)
      return std::nullopt;
    if (given->what->failure.code != error_code::ok)
      return given->what->failure.code;
    return given->what->answers.front().code;
  }
};

raft::snapshot_mark mark(std::uint64_t index, std::uint64_t at_term) {
  return {{index}, {at_term}, {{{1}, {2}, {3}}, {}, {}, {}}};
}

} // namespace

TEST_CASE("a write goes through both machines, and is answered when it is durable") {
  disks_and_replica one;
  REQUIRE(one.it->partition().leads());
  one.writes_at_once = false;
  one.ask(write(1, 1, put_of("a", "v")));
  const auto write = one.take<write_journal>();
  REQUIRE(write);
  CHECK(write->what.partition == whose);
  CHECK(write->what.follows + 1 == write->what.number);
  CHECK_FALSE(one.answer());
  one.on_written(*write);
  CHECK(one.answer() == error_code::ok);
}

TEST_CASE("the log goes only behind a checkpoint that is durable (R1, P27)") {
  disks_and_replica one;
  one.options.machine.checkpoint_bytes = 1;
  one.options.raft.max_retained_bytes = 0;
  one.start();
  one.ask(write(1, 1, put_of("a", "v")));
  auto wanted = one.take<write_checkpoint>();
  REQUIRE(wanted);
  CHECK(one.it->raft().log().base() == log_index{});
  SUBCASE("one that fails is written again after a while") {
    one.hear(checkpoint_done{wanted->what->mark, make_error(error_code::disk_full, "full")});
    CHECK_FALSE(one.take<write_checkpoint>());
    CHECK(one.it->next_wake() == one.now + 1000);
    one.pass(1000);
    const auto again = one.take<write_checkpoint>();
    REQUIRE(again);
    CHECK(again->what == wanted->what);
    CHECK(one.it->raft().log().base() == log_index{});
  }
  REQUIRE(wanted->into->write(*wanted->what));
  one.hear(checkpoint_done{wanted->what->mark});
  CHECK(one.it->raft().log().base() == wanted->what->mark.index);
  CHECK_FALSE(one.it->table().is_frozen());
}

TEST_CASE("what was applied meanwhile is due for the next checkpoint at once (R2)") {
  disks_and_replica one;
  one.options.machine.checkpoint_bytes = 1;
  one.start();
  one.ask(write(1, 1, put_of("a", "v")));
  const auto first = one.take<write_checkpoint>();
  REQUIRE(first);
  one.ask(write(1, 2, put_of("k", "v")));
  CHECK_FALSE(one.take<write_checkpoint>());
  REQUIRE(first->into->write(*first->what));
  one.hear(checkpoint_done{first->what->mark});
  const auto second = one.take<write_checkpoint>();
  REQUIRE(second);
  CHECK(second->what->mark.index > first->what->mark.index);
}

TEST_CASE("a loaded snapshot takes the state's place, and both machines go on from it (R3)") {
  disks_and_replica one{{{1}, {2}, {3}}};
  const auto arriving = mark(40, 3);
  one.hear(raft::received{{{2}, {1}, {}, {3}, raft::snapshot_chunk{
    arriving, 0, std::make_shared<const std::string>("bytes"), true, 9}}});
  const auto part = one.take<take_snapshot_part>();
  REQUIRE(part);
  CHECK(part->what.mark == arriving);
  SUBCASE("a part that can't be stored starts over, after a while") {
    one.hear(snapshot_part_taken{arriving, 0, false, make_error(error_code::disk_full, "full")});
    one.take<raft::send>();
    one.pass(1000);
    bool asked_again = false;
    while (const auto sent = one.take<raft::send>())
      if (const auto* reply = std::get_if<raft::snapshot_reply>(&sent->what.content))
        asked_again = reply->next_offset == 0 && !reply->installed;
    CHECK(asked_again);
    return;
  }
  one.hear(snapshot_part_taken{arriving, 0, true});
  REQUIRE(one.take<replace_state>());
  CHECK(one.it->is_without_state());
  CHECK_THROWS(one.hear(time_passed{}));
  auto next = one.home.open_next();
  REQUIRE((*next)->write(storage::checkpoint{{}, arriving}));
  next->reset();
  REQUIRE(one.home.replace());
  one.hear(state_replaced{*one.home.open()});
  CHECK(one.it->partition().applied() == log_index{40});
  CHECK(one.it->raft().log().base() == log_index{40});
  CHECK(one.journal.recover(whose)->snapshot == arriving);
}

TEST_CASE("after a restart a replica goes on from state and log") {
  disks_and_replica one;
  one.ask(write(1, 1, put_of("a", "v")));
  one.ask(write(1, 2, put_of("k", "v")));
  const auto applied = one.it->partition().applied();
  one.said.clear();
  one.it.reset();
  one.journal.crash(one.journal.unsynced());
  one.start();
  CHECK(one.it->partition().applied() > applied);
  one.ask(write(1, 2, put_of("k", "v")));
  const auto repeated = one.take<respond>();
  REQUIRE(repeated);
  CHECK(repeated->what->answers.front().repeated);
}

TEST_CASE("what a leader sends too far ahead of this clock is dropped, and said once (P21)") {
  disks_and_replica follower{{{1}, {2}, {3}}};
  const auto heartbeat = [&](std::uint64_t ahead_ms) {
    raft::message sent{{2}, {1}, {}, {1}, raft::append_request{}};
    sent.wall_ms = first_wall_ms + follower.now + ahead_ms;
    sent.latest = hlc_stamp::of(sent.wall_ms, 0);
    follower.hear(raft::received{std::move(sent)});
  };
  heartbeat(501);
  CHECK(follower.it->raft().leader_known() == node_id{});
  const auto said = follower.take<skew_seen>();
  REQUIRE(said);
  CHECK(said->leader == node_id{2});
  CHECK(said->ahead_ms == 501);
  heartbeat(10'000);
  CHECK_FALSE(follower.take<skew_seen>());
  heartbeat(500);
  CHECK(follower.it->raft().leader_known() == node_id{2});
  heartbeat(501);
  CHECK(follower.take<skew_seen>());
}

TEST_CASE("a message tells its sender's clock and highest stamp (P21)") {
  disks_and_replica candidate{{{1}, {2}, {3}}};
  candidate.pass(1000);
  const auto sent = candidate.take<raft::send>();
  REQUIRE(sent);
  CHECK(sent->what.wall_ms == first_wall_ms + candidate.now);
}
