#include "tests/actors/partition/replica_group.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// Three replicas that serve, and a copy of one's files from before a key was written.
struct group_with_copy : replica_group {
  group_with_copy() : replica_group(3) {
    leader();
    own_space();
    CHECK(put_key("before", "x").code == error_code::ok);
    pass(500); // all have it
    victim = leader() % 3 + 1;
    other = 6 - victim - leader();
    copy_of_files = at(victim).files();
  }

  /// The leader and the victim have it, and so it is committed.
  void write_without_other() {
    cut = {other};
    CHECK(put_key("k", "v").code == error_code::ok);
    cut.clear();
  }

  std::uint32_t victim = 0;
  std::uint32_t other = 0;
  group_member::copy copy_of_files;
};

} // namespace

TEST_CASE("old files are noticed, and their vote undoes nothing (P19, FAULTS 12)") {
  group_with_copy group;
  const auto leading = group.leader();
  group.write_without_other();
  group.at(group.victim).put_back(group.copy_of_files);
  group.at(group.victim).start();
  CHECK(group.at(group.victim).it->asks_witnesses());
  group.raft_is_cut = true;
  group.settle(); // they answer
  group.raft_is_cut = false;
  CHECK_FALSE(group.at(group.victim).it->asks_witnesses());
  CHECK(group.at(group.victim).it->raft().has_gone_back());
  // The only one that has it is gone for now: nobody may lead without it.
  group.cut = {leading};
  group.pass(5000);
  CHECK_FALSE(group.at(group.victim).it->partition().leads());
  CHECK_FALSE(group.at(group.other).it->partition().leads());
  group.cut.clear();
  CHECK(group.get_key("k").value);
  group.pass(1000);
  CHECK_FALSE(group.at(group.victim).it->raft().has_gone_back());
}

TEST_CASE("a replica that asks says nothing and hears nothing of raft (P19)") {
  group_with_copy group;
  group.cut = {group.leader(), group.other};
  group.at(group.victim).start_again();
  REQUIRE(group.at(group.victim).it->asks_witnesses());
  const auto before = group.at(group.victim).it->raft().current_term();
  group.at(group.victim).hear(raft::received{
    {{group.other}, {group.victim}, {}, next(before),
     raft::vote_request{{1000}, next(before), false, false}}});
  CHECK(group.at(group.victim).it->raft().current_term() == before);
  group.pass(1000);
  CHECK(group.at(group.victim).it->raft().role() == raft::role_kind::follower);
}

TEST_CASE("a voter that is gone is waited for no longer than 10 T (P19)") {
  group_with_copy group;
  group.cut = {group.other};
  group.at(group.victim).start_again();
  group.pass(2500);
  CHECK(group.at(group.victim).it->asks_witnesses());
  group.pass_until("a majority has told", [&] {
    return !group.at(group.victim).it->asks_witnesses();
  });
  CHECK(group.put_key("k", "v").code == error_code::ok);
}

TEST_CASE("where all start again, each is the others' witness, and nobody waits (P19)") {
  group_with_copy group;
  group.cut = {1, 2, 3};
  for (std::uint32_t n = 1; n <= 3; ++n)
    group.at(n).start_again();
  group.cut.clear();
  const auto began = group.now;
  group.leader();
  CHECK(group.now - began < 1000);
  CHECK_FALSE(group.at(1).it->raft().has_gone_back());
  CHECK(group.get_key("before").value);
}

TEST_CASE("what a witness remembers survives its own restart (P19)") {
  group_with_copy group;
  const auto leading = group.leader();
  group.at(group.victim).start_again(); // its peers hear of a later opening
  group.settle();
  group.pass(1500);
  group.put_key("k", "v"); // which carries the book to the disk
  group.pass(1500);
  group.at(leading).start_again();
  group.settle();
  const auto& known = group.at(leading).it->book().known();
  const auto of_victim = std::find_if(known.begin(), known.end(), [&](const auto& one) {
    return one.node == node_id{group.victim};
  });
  REQUIRE(of_victim != known.end());
  CHECK(of_victim->boot > 1);
  CHECK(of_victim->heard > term{});
  CHECK(of_victim->matched.index > log_index{});
}
