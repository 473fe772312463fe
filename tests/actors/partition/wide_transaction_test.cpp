#include "actors/partition/answers.hpp"
#include "tests/actors/partition/replica_under_test.hpp"
#include "tests/actors/partition/transactions.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// `things` is cut at "m": this partition has what comes before it.
cluster_map_ptr cut_map() {
  cluster_map map;
  map.epoch = {2};
  map.spaces = {{"things", things}};
  map.ranges = {{things, "", {1}}, {things, "m", {2}}};
  return std::make_shared<const cluster_map>(std::move(map));
}

/// Leads partition 1, which owns its half.
replica_under_test leading_half(settings options = {}) {
  options.id = {1};
  replica_under_test replica{options};
  replica.hear(map_known{cut_map()});
  replica.lead({3});
  replica.commit_all();
  return replica;
}

operation wide(std::uint64_t number = 1) {
  return write(7, number, doing({put_in("a", "1"), put_in("z", "2")}));
}

prepare preparing(std::uint64_t number, transact part, hlc_stamp start = {1}) {
  return {{{{9}, {number}}, {things, "z"}, start, at_ms(12'000)}, std::move(part)};
}

/// Some other transaction has prepared here and locked `key`.
void lock(replica_under_test& replica, const std::string& key, std::uint64_t number = 1) {
  const auto said = replica.now_answer(write(9, 0, preparing(number, doing({put_in(key, "new")}))));
  REQUIRE(said.code == error_code::ok);
}

resolve resolving(std::uint64_t number, hlc_stamp stamp) {
  return {{{9}, {number}}, true, stamp, at_ms(12'000)};
}

} // namespace

TEST_CASE("a transaction over several partitions is handed to the coordinator, cut to its parts") {
  auto replica = leading_half();
  const auto tag = replica.ask({wide()});
  REQUIRE(replica.handed_over.size() == 1);
  const auto& given = replica.handed_over.front();
  CHECK(given.at_term == term{3});
  CHECK(given.plan->terms.home == anchor{things, "a"});
  CHECK(given.plan->terms.deadline == wide().retry_until);
  CHECK(given.plan->home_part.then == std::vector<step>{put_in("a", "1")});
  REQUIRE(given.plan->others.size() == 1);
  CHECK(given.plan->others[0].where == anchor{things, "z"});
  CHECK(given.plan->others[0].places.then == std::vector<std::uint32_t>{1});
  CHECK(replica.proposed.empty());
  CHECK(replica.is_open(tag));
  replica.hear(coordinated{given.tag, given.place, given.at_term, applied_answer({99})});
  CHECK(replica.answer_to(tag).version == hlc_stamp{99});
}

TEST_CASE("each attempt at what has a name is a transaction of its own, until home has its answer (P4, P6)") {
  auto replica = leading_half();
  auto named = wide();
  named.fingerprint = 99;
  const auto begin = [&] {
    const auto begun_before = replica.handed_over.size();
    replica.ask({named});
    REQUIRE(replica.handed_over.size() == begun_before + 1);
    return *replica.handed_over.back().plan;
  };
  const auto first = begin();
  CHECK(first.asked.id == named.id);
  CHECK(begin().terms.id == first.terms.id); // whoever coordinates it goes on with it
  named.retry_until.value += 1;
  const auto second = begin();
  CHECK(second.asked.id == named.id);
  CHECK(second.terms.id != first.terms.id);
  auto decided = second.asked;
  decided.what = decide{second.terms, second.home_part, {}, {}};
  REQUIRE(replica.now_answer(decided).code == error_code::ok);
  const auto third = replica.ask({named});
  CHECK(replica.handed_over.size() == 3);
  CHECK(replica.answer_to(third).repeated);
}

TEST_CASE("before its own term's entry is applied nothing is handed over (P16)") {
  replica_under_test replica{{.id = {1}}};
  replica.hear(map_known{cut_map()});
  replica.lead({3});
  replica.commit_all();
  replica.hear(role_known{true, {5}, {1}});
  replica.ask({wide()});
  CHECK(replica.handed_over.empty());
  replica.commit_entry(nullptr, {5});
  CHECK(replica.handed_over.size() == 1);
}

TEST_CASE("a retry is answered from what home remembers, and no coordinator begins (P4, P6)") {
  auto replica = leading_half();
  auto decided = wide();
  decided.what = decide{{decided.id, {things, "a"}, {1}, decided.retry_until},
                        doing({put_in("a", "1")}), {}, {}};
  const auto first = replica.now_answer(decided);
  REQUIRE(first.code == error_code::ok);
  const auto tag = replica.ask({wide()});
  CHECK(replica.handed_over.empty());
  CHECK(replica.answer_to(tag).repeated);
  CHECK(replica.answer_to(tag).version == first.version);
}

TEST_CASE("one that a push has aborted is told so, and not begun again (P6, P8)") {
  auto replica = leading_half();
  replica.now_answer(write(9, 0, push{wide().id, {things, "a"}, wide().retry_until}));
  const auto tag = replica.ask({wide()});
  CHECK(replica.handed_over.empty());
  CHECK(replica.answer_to(tag).code == error_code::transaction_conflict);
  CHECK(replica.answer_to(tag).known == outcome::not_applied);
}

TEST_CASE("what is with the coordinator when the leadership ends has an unknown outcome (P5)") {
  auto replica = leading_half();
  const auto tag = replica.ask({wide()});
  replica.follow({4});
  replica.pass(1'000);
  CHECK(replica.answer_to(tag).code == error_code::unknown_outcome);
  CHECK(replica.answer_to(tag).known == outcome::unknown);
  SUBCASE("and what the coordinator of that term says comes to nobody") {
    replica.hear(coordinated{replica.handed_over.front().tag, 0, {3}, applied_answer({9})});
  }
}

TEST_CASE("what an earlier term's coordinator proposes is refused (P16)") {
  auto replica = leading_half();
  replica.hear(role_known{true, {5}, {1}});
  replica.commit_entry(nullptr, {5});
  const auto ask = [&](term only_in) {
    auto asked = request_of({write(9, 1, push{{{7}, {1}}, {things, "a"}, at_ms(12'000)})});
    replica.hear(arrived{1'000 + only_in.value, std::move(asked), false, only_in});
    return 1'000 + only_in.value;
  };
  CHECK(replica.response_to(ask({3})).failure.code == error_code::not_leader);
  const auto tag = ask({5});
  replica.commit_all();
  CHECK(replica.answer_to(tag).code == error_code::ok);
}

TEST_CASE("who pushes what a coordinator has in hand is told so, and aborts nothing (P8, I16)") {
  auto replica = leading_half();
  const auto asked = replica.ask({wide()});
  const auto& given = replica.handed_over.front();
  const auto pushed = [&] {
    const auto tag
      = replica.ask({write(9, 0, push{wide().id, {things, "a"}, wide().retry_until})});
    replica.commit_all();
    return replica.answer_to(tag);
  };
  const auto refused = pushed();
  CHECK(refused.code == error_code::transaction_conflict);
  CHECK(refused.known == outcome::not_applied);
  SUBCASE("the coordinator says how it ended") {
    auto decided = wide();
    decided.what = decide{{decided.id, {things, "a"}, {1}, decided.retry_until},
                          doing({put_in("a", "1")}), {}, {}};
    const auto done = replica.now_answer(decided);
    replica.hear(coordinated{given.tag, given.place, given.at_term, done});
    const auto said = pushed();
    CHECK_FALSE(said.otherwise);
    CHECK(said.version == done.version);
  }
  SUBCASE("the coordinator ends: its client is told that nothing is known, and it is aborted") {
    replica.hear(coordinator_gone{});
    CHECK(replica.answer_to(asked).known == outcome::unknown);
    CHECK(pushed().otherwise);
    const auto again = replica.ask({wide()});
    CHECK(replica.answer_to(again).code == error_code::transaction_conflict);
  }
  SUBCASE("its own coordinator may") {
    auto own = request_of({write(9, 0, push{wide().id, {things, "a"}, wide().retry_until})});
    replica.hear(arrived{1'000, std::move(own), false, term{3}});
    replica.commit_all();
    CHECK(replica.answer_to(1'000).otherwise);
  }
  SUBCASE("in a later term nothing of it is in hand (P16)") {
    replica.hear(role_known{true, {5}, {1}});
    replica.commit_entry(nullptr, {5});
    CHECK(pushed().otherwise);
  }
}

TEST_CASE("one that compares is handed over like any other, with both of its branches") {
  auto replica = leading_half();
  auto asked = wide();
  auto& what = std::get<transact>(asked.what);
  what.compare = {{things, "z", relation::equal, hlc_stamp{}}};
  what.otherwise = {get_in("z")};
  replica.ask({asked});
  REQUIRE(replica.handed_over.size() == 1);
  const auto& plan = *replica.handed_over.front().plan;
  CHECK(plan.compares);
  CHECK(plan.home_part.otherwise.empty());
  CHECK(plan.others.front().what.compare == what.compare);
  CHECK(plan.others.front().what.otherwise == std::vector<step>{get_in("z")});
}

TEST_CASE("a read that meets a lock waits until it is gone, and sees what came of it (P11)") {
  auto replica = leading_half();
  lock(replica, "k");
  const auto tag = replica.ask({read(get{things, "k"})});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  CHECK(replica.is_open(tag));
  replica.now_answer(write(9, 0, resolving(1, at_ms(1))));
  CHECK(*replica.answer_to(tag).value == "new");
}

TEST_CASE("a write that meets a lock waits until it is gone, and comes after it (P11)") {
  auto replica = leading_half();
  lock(replica, "k");
  const auto tag = replica.ask({write(1, 1, put_of("k", "mine"))});
  replica.commit_all();
  CHECK(replica.is_open(tag));
  const auto resolved = replica.now_answer(write(9, 0, resolving(1, at_ms(1))));
  replica.commit_all();
  CHECK(replica.answer_to(tag).code == error_code::ok);
  CHECK(replica.answer_to(tag).version > resolved.version);
  CHECK(replica.value_of("k") == "mine");
}

TEST_CASE("who waits for a lock is told at the deadline that nothing was done (P5, P11)") {
  auto replica = leading_half();
  lock(replica, "k");
  const auto written = replica.ask({write(1, 1, put_of("k", "mine"))}, 500);
  const auto asked = replica.ask({read(get{things, "k"})}, 500);
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  replica.commit_all();
  replica.pass(600);
  CHECK(replica.answer_to(written).code == error_code::deadline);
  CHECK(replica.answer_to(written).known == outcome::not_applied);
  CHECK(replica.answer_to(asked).code == error_code::deadline);
  SUBCASE("and nothing comes of it when the lock goes") {
    replica.now_answer(write(9, 0, resolving(1, at_ms(1))));
    replica.commit_all();
    CHECK(replica.value_of("k") == "new");
  }
}

TEST_CASE("who waits for a lock when the leadership ends is refused, and nothing was done") {
  auto replica = leading_half();
  lock(replica, "k");
  const auto tag = replica.ask({write(1, 1, put_of("k", "mine"))});
  replica.commit_all();
  replica.follow({4});
  CHECK(replica.answer_to(tag).code == error_code::not_leader);
  CHECK(replica.answer_to(tag).known == outcome::not_applied);
}

TEST_CASE("a lock of some age is doubted and stays, by the leader's clock (P8)") {
  auto replica = leading_half();
  lock(replica, "k");
  replica.pass(900);
  CHECK(replica.doubted.empty());
  replica.pass(600);
  REQUIRE_FALSE(replica.doubted.empty());
  CHECK(replica.doubted.front().terms.id == operation_id{{9}, {1}});
  CHECK(replica.doubted.front().here == anchor{things, "k"});
  CHECK(replica.doubted.front().terms.home == anchor{things, "z"});
  // It stays locked all the same.
  CHECK(replica.machine().next_wake());
}

TEST_CASE("a new leader drives what was decided and not yet heard of by all (P9)") {
  auto replica = leading_half();
  auto decided = wide();
  decided.what = decide{{decided.id, {things, "a"}, {1}, decided.retry_until},
                        doing({put_in("a", "1")}), {{{things, "z"}, {1}}}, {}};
  REQUIRE(replica.now_answer(decided).code == error_code::ok);
  CHECK(replica.driven.empty()); // its own coordinator does
  replica.follow({4});
  replica.lead({5});
  replica.pass(1);
  REQUIRE(replica.driven.size() == 1);
  CHECK(replica.driven[0].at_term == term{5});
  CHECK(replica.driven[0].decision.committed);
  CHECK(replica.driven[0].decision.waiting == std::vector<storage::key_name>{{things, "z"}});
  SUBCASE("until home hears that they have") {
    replica.now_answer(write(9, 0, forget{wide().id, {things, "z"}}));
    replica.pass(5'000);
    CHECK(replica.driven.size() == 1);
  }
  SUBCASE("and again, should that be lost") {
    replica.pass(5'000);
    CHECK(replica.driven.size() == 2);
  }
}

TEST_CASE("an attempt with another deadline is another attempt: neither's end is the other's (P9)") {
  auto replica = leading_half();
  lock(replica, "k");
  auto again = preparing(1, doing({put_in("k", "new")}));
  again.terms.deadline = at_ms(14'000);
  const auto met = replica.now_answer(write(9, 0, again));
  CHECK(met.code == error_code::transaction_conflict);
  CHECK(met.holder);
  auto end = resolving(1, at_ms(1));
  end.deadline = at_ms(14'000);
  replica.now_answer(write(9, 0, end));
  CHECK_FALSE(replica.machine().next_wake() == std::nullopt);
  const auto still = replica.now_answer(write(9, 0, preparing(2, doing({put_in("k", "other")}))));
  CHECK(still.holder);
}

TEST_CASE("a transaction under a lock takes its fence to its coordinator (P14)") {
  auto replica = leading_half();
  auto asked = wide();
  asked.fence = std::make_shared<const lock_fence>(lock_fence{things, "lock", {5}});
  SUBCASE("also if it only validates what it read") {
    transact looks;
    looks.seen = {{things, "a", {}}, {things, "z", {}}};
    asked.what = looks;
  }
  replica.ask({asked});
  REQUIRE(replica.handed_over.size() == 1);
  REQUIRE(replica.handed_over.front().plan->asked.fence);
  CHECK(*replica.handed_over.front().plan->asked.fence == *asked.fence);
}
