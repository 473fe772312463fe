#include "runtime/base/check.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

operation numbered_put(std::uint64_t number) {
  return write(1, number, put_of("k" + std::to_string(number), "v"));
}

} // namespace

TEST_CASE("until its own term's empty entry is applied a leader only gathers (P16)") {
  replica_under_test replica;
  replica.hear(role_known{true, {1}, {1}});
  replica.leading = {1};
  replica.commit_entry(std::make_shared<entry_batch>(batch_at(at_ms(-1), {}, adopt_share{
    {2}, {{{1}, "", ""}}})), {0});
  const auto tag = replica.ask({write(1, 1, put_of("k", "v"))});
  CHECK(replica.proposed.empty());
  CHECK_FALSE(replica.machine().leads());
  replica.commit_entry(nullptr, {1});
  CHECK(replica.machine().leads());
  REQUIRE(replica.proposed.size() == 1);
  replica.commit_all();
  CHECK(replica.answer_to(tag).code == error_code::ok);
}

TEST_CASE("where nobody leads, a replica whose disk is full says so (FAULTS 10)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto refused = [&] {
    const auto tag = replica.ask({numbered_put(1)});
    return replica.response_to(tag).failure;
  };
  replica.hear(role_known{false, {2}, {}});
  CHECK(refused().code == error_code::not_leader);
  replica.hear(room_known{false});
  CHECK(refused().code == error_code::disk_full);
  CHECK(refused().known == outcome::not_applied);
  CHECK(refused().retry_after_ms > 0);
  // Whoever has room is the one to ask.
  replica.hear(role_known{false, {3}, {2}});
  CHECK(refused().code == error_code::not_leader);
  replica.hear(role_known{false, {4}, {}});
  CHECK(refused().code == error_code::disk_full);
  replica.hear(room_known{true});
  CHECK(refused().code == error_code::not_leader);
}

TEST_CASE("an entry of an older term does not end taking over") {
  replica_under_test replica;
  replica.hear(role_known{true, {3}, {1}});
  replica.commit_entry(nullptr, {2});
  CHECK_FALSE(replica.machine().leads());
}

TEST_CASE("a role that is told after its empty entry was applied leads at once") {
  replica_under_test replica;
  replica.commit_entry(nullptr, {4});
  replica.hear(role_known{true, {4}, {1}});
  CHECK(replica.machine().leads());
}

TEST_CASE("a new leader stamps above everything in its log (I3)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.follow({2});
  const auto far = at_ms(3'000); // of a leader whose clock was ahead
  replica.commit_entry(std::make_shared<entry_batch>(batch_at(far, {numbered_put(1)})), {2});
  replica.lead({3});
  CHECK(replica.now_answer(numbered_put(2)).version > far);
}

TEST_CASE("a stamp that was never committed goes to nobody, and ends with its leadership (P21)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto true_ms = replica.wall_ms;
  replica.wall_ms += 5'000; // its clock jumps, and no peer can be heard
  replica.ask({numbered_put(1)});
  CHECK(replica.proposed.front().batch->first_stamp.wall_ms() >= true_ms + 5'000);
  replica.follow({2});
  const auto refused = replica.ask({numbered_put(2)});
  CHECK(replica.response_to(refused).stamp.wall_ms() <= true_ms);
  replica.wall_ms = true_ms;
  replica.proposed.clear();
  replica.lead({3});
  CHECK(replica.now_answer(numbered_put(3)).version.wall_ms() <= true_ms);
}

TEST_CASE("who takes over doesn't know yet whether a stamp is too far ahead (P21)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto far = at_ms(5'000);
  request asked;
  asked.partition = {1};
  asked.seen = far;
  asked.operations = {numbered_put(2)};
  replica.follow({2});
  replica.hear(role_known{true, {3}, {1}});
  replica.hear(arrived{50, std::make_shared<const request>(asked)});
  CHECK(replica.response_to(50).failure.code == error_code::not_leader);
  replica.commit_entry(std::make_shared<entry_batch>(batch_at(far, {numbered_put(1)})), {2});
  replica.commit_entry(nullptr, {3});
  replica.leading = {3};
  replica.hear(arrived{51, std::make_shared<const request>(asked)});
  replica.commit_all();
  CHECK(replica.answer_to(51).version > far);
}

TEST_CASE("an entry whose stamp does not rise is not applied (I3)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto latest = replica.machine().latest_stamp();
  const auto stale = std::make_shared<entry_batch>(batch_at(latest, {numbered_put(1)}));
  CHECK_THROWS_AS(replica.commit_entry(stale, {1}), invariant_violation);
}

TEST_CASE("an entry out of order is not applied (I1)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.last_index = {50};
  CHECK_THROWS_AS(replica.commit_entry(nullptr, {1}), invariant_violation);
}

TEST_CASE("an entry of a machine version that this program lacks is not applied (P1)") {
  replica_under_test replica;
  lead_with_space(replica);
  auto newer = batch_at(at_ms(10), {numbered_put(1)});
  newer.machine_version = entry_batch::current_machine_version + 1;
  CHECK_THROWS_AS(replica.commit_entry(std::make_shared<entry_batch>(newer), {1}),
                  invariant_violation);
}

TEST_CASE("leadership lost: what was never proposed is not applied (P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  SUBCASE("while it waits for the proposals in flight") {
    replica.ask({numbered_put(1)});
    replica.ask({numbered_put(2)});
  }
  SUBCASE("while taking over") {
    replica.follow({2});
    replica.hear(role_known{true, {3}, {1}});
  }
  const auto tag = replica.ask({numbered_put(3)});
  REQUIRE(replica.is_open(tag));
  replica.follow({4}, {3});
  CHECK(replica.answer_to(tag).code == error_code::not_leader);
  CHECK(replica.answer_to(tag).known == outcome::not_applied);
  CHECK(replica.response_to(tag).leader == node_id{3});
}

TEST_CASE("leadership lost: what is in the log waits for its fate (P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({numbered_put(1)});
  const auto ticket = replica.proposed.front().ticket;
  const auto batch = replica.proposed.front().batch;
  SUBCASE("without a place yet, then refused") {
    replica.follow({2});
    REQUIRE(replica.is_open(tag));
    replica.hear(proposal_refused{ticket, refusal_reason::not_leader});
    CHECK(replica.answer_to(tag).known == outcome::not_applied);
  }
  SUBCASE("committed by the new leader") {
    replica.place();
    replica.follow({2});
    REQUIRE(replica.is_open(tag));
    replica.commit();
    CHECK(replica.answer_to(tag).code == error_code::ok);
  }
  SUBCASE("replaced, and told so") {
    replica.place();
    replica.follow({2});
    replica.hear(proposal_replaced{ticket});
    CHECK(replica.answer_to(tag).code == error_code::not_leader);
    CHECK(replica.answer_to(tag).known == outcome::not_applied);
    replica.commit_entry(nullptr, {2});
  }
  SUBCASE("replaced, and seen to be when the other entry is applied") {
    replica.place();
    replica.follow({2});
    replica.commit_entry(nullptr, {2});
    CHECK(replica.answer_to(tag).code == error_code::not_leader);
    CHECK(replica.answer_to(tag).known == outcome::not_applied);
    replica.hear(proposal_replaced{ticket}); // comes late
  }
  SUBCASE("a snapshot took its place: nobody can tell") {
    replica.place();
    replica.follow({2});
    replica.hear(proposal_lost{ticket});
    CHECK(replica.answer_to(tag).code == error_code::unknown_outcome);
    CHECK(replica.answer_to(tag).known == outcome::unknown);
  }
  SUBCASE("nothing is heard of it: the next leader has to be asked") {
    replica.place();
    replica.follow({2});
    replica.pass(settings{}.fate_patience_ms - 1);
    REQUIRE(replica.is_open(tag));
    replica.pass(1);
    CHECK(replica.answer_to(tag).code == error_code::unknown_outcome);
    CHECK(replica.answer_to(tag).known == outcome::unknown);
    replica.commit(); // its answer finds nobody
  }
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("leadership lost: a read waits no longer either for what it was confirmed at (P15)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto written = replica.ask({numbered_put(1)});
  replica.place();
  const auto tag = replica.ask({read(get{{1}, "key"})});
  replica.hear(read_confirmed{replica.reads.back().ticket, {99}});
  replica.follow({2});
  replica.pass(settings{}.fate_patience_ms);
  CHECK(replica.answer_to(tag).code == error_code::not_leader);
  CHECK(replica.answer_to(written).known == outcome::unknown);
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("led, lost and led again: the first leadership's entry is still answered") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({numbered_put(1)});
  replica.place();
  replica.follow({2});
  replica.hear(role_known{true, {3}, {1}});
  replica.commit(); // of term 1, committed by term 3's empty entry behind it
  CHECK(replica.answer_to(tag).code == error_code::ok);
  CHECK_FALSE(replica.machine().leads());
  replica.commit_entry(nullptr, {3});
  CHECK(replica.machine().leads());
}

TEST_CASE("what was placed behind an entry of a later term is not there (I4, P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  // Behind two entries that aren't a client's, such as changes of members.
  const auto first = replica.ask({numbered_put(1)});
  const auto ticket = replica.proposed.front().ticket;
  replica.place(3);
  replica.follow({2});
  REQUIRE(replica.is_open(first));
  replica.commit_entry(nullptr, {2});
  CHECK(replica.answer_to(first).code == error_code::not_leader);
  CHECK(replica.answer_to(first).known == outcome::not_applied);
  CHECK(replica.machine().waiting_requests() == 0);
  replica.hear(proposal_replaced{ticket}); // comes late
  // And it holds no slot: as many entries as may are on their way again.
  replica.placed.clear();
  replica.lead({5});
  replica.proposed.clear();
  replica.ask({numbered_put(3)});
  replica.ask({numbered_put(4)});
  CHECK(replica.proposed.size() == 2);
}

TEST_CASE("elected again without having heard of the loss, it takes over again") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(role_known{true, {5}, {1}});
  CHECK_FALSE(replica.machine().leads());
  const auto tag = replica.ask({numbered_put(1)});
  CHECK(replica.proposed.empty());
  replica.commit_entry(nullptr, {5});
  replica.leading = {5};
  replica.commit_all();
  CHECK(replica.answer_to(tag).code == error_code::ok);
}

TEST_CASE("a leader fenced by lack of a quorum serves again once it is elected") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(quorum_known{false});
  CHECK(replica.response_to(replica.ask({numbered_put(1)})).failure.code
        == error_code::no_quorum);
  replica.follow({1}, {});
  replica.lead({2}); // raft tells of a quorum only when that changes
  CHECK(replica.now_answer(numbered_put(2)).code == error_code::ok);
}

TEST_CASE("a quorum that comes back is served again") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(quorum_known{false});
  replica.hear(quorum_known{true});
  CHECK(replica.now_answer(numbered_put(2)).code == error_code::ok);
}

TEST_CASE("a leader finds its own batch at its place, and no other's") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  const auto batch = replica.proposed.front().batch;
  const auto index = replica.place();
  CHECK(replica.machine().proposed_at(index, {1}) == batch);
  CHECK(replica.machine().proposed_at(index, {2}) == nullptr);
  CHECK(replica.machine().proposed_at(next(index), {1}) == nullptr);
  replica.commit();
  CHECK(replica.machine().proposed_at(index, {1}) == nullptr);
}
