#include "tests/actors/partition/replica_under_test.hpp"

#include "runtime/base/check.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// What installing a snapshot is to the machine: another state under its table.
void install(replica_under_test& to, replica_under_test& from) {
  from.checkpoint();
  to.table().close();
  to.table().reopen(from.disk);
  to.hear(restored{*from.disk.applied()});
  to.last_index = from.last_index;
}

/// A replica that has gone further than any other.
replica_under_test& with_content(replica_under_test& replica) {
  lead_with_space(replica);
  replica.now_answer(write(1, 1, put_of("k", "v")));
  replica.now_answer(write(1, 2, put_of("l", "w")));
  return replica;
}

} // namespace

TEST_CASE("a replica goes on from a snapshot as if it had applied what is in it") {
  replica_under_test ahead;
  with_content(ahead);
  replica_under_test behind;
  lead_with_space(behind);
  behind.now_answer(write(7, 1, put_of("old", "value")));
  behind.follow({2});
  install(behind, ahead);
  CHECK(behind.machine().applied() == ahead.machine().applied());
  CHECK(*behind.table().digest() == *ahead.table().digest());
  CHECK(behind.machine().latest_stamp() >= ahead.machine().latest_stamp());

  behind.lead({3});
  CHECK(behind.value_of("k") == "v");
  CHECK(behind.value_of("old") == "-");
  // Sessions came along (P4), and stamps rise above what the snapshot holds (I3).
  CHECK(behind.now_answer(write(1, 2, put_of("l", "w"))).repeated);
  CHECK(behind.now_answer(write(1, 3, put_of("m", "x"))).code == error_code::ok);
}

TEST_CASE("a proposal whose place a snapshot took waits for what raft says (P5)") {
  replica_under_test ahead;
  with_content(ahead);
  replica_under_test behind;
  lead_with_space(behind);
  const auto tag = behind.ask({write(7, 1, put_of("mine", "value"))});
  const auto ticket = behind.proposed.front().ticket;
  behind.place();
  behind.follow({2});
  install(behind, ahead);
  CHECK(behind.is_open(tag));
  behind.hear(proposal_lost{ticket});
  CHECK(behind.answer_to(tag).code == error_code::unknown_outcome);
  CHECK(behind.answer_to(tag).known == outcome::unknown);
}

TEST_CASE("a read that waits for an index is served from a snapshot beyond it") {
  replica_under_test ahead;
  with_content(ahead);
  replica_under_test behind;
  lead_with_space(behind);
  const auto tag = behind.ask({read(get{{1}, "k"})});
  behind.hear(read_confirmed{behind.reads.back().ticket, next(behind.last_index)});
  CHECK(behind.is_open(tag));
  behind.follow({2});
  install(behind, ahead);
  CHECK(*behind.answer_to(tag).value == "v");
}

TEST_CASE("a checkpoint is due again after a snapshot replaced the one under way") {
  settings small;
  small.checkpoint_bytes = 1;
  replica_under_test ahead;
  with_content(ahead);
  replica_under_test behind{small};
  lead_with_space(behind);
  behind.now_answer(write(7, 1, put_of("old", "value")));
  CHECK(behind.checkpoints_due == 1);
  behind.follow({2});
  install(behind, ahead);
  behind.lead({3});
  behind.now_answer(write(1, 3, put_of("m", "x")));
  CHECK(behind.checkpoints_due == 2);
}

TEST_CASE("neither a leader's state nor a later one is replaced") {
  replica_under_test ahead;
  with_content(ahead);
  ahead.checkpoint();
  const auto mark = *ahead.disk.applied();
  CHECK_THROWS_AS(ahead.hear(restored{mark}), invariant_violation);
  ahead.follow({2});
  CHECK_THROWS_AS(ahead.hear(restored{mark}), invariant_violation);
}

TEST_CASE("a state is not used while it is closed (S5)") {
  replica_under_test replica;
  with_content(replica);
  replica.checkpoint();
  replica.table().close();
  CHECK(replica.table().active_bytes() == 0);
  CHECK_THROWS_AS(replica.table().get(storage::record_key::partition()),
                  invariant_violation);
}
