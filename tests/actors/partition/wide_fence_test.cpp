#include "tests/actors/partition/locking.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

/// Fences of transactions over several partitions, in one of them (P10, P14).

namespace {

constexpr space_id elsewhere{2};
constexpr hlc_stamp earlier{500}; ///< two tokens of one lock
constexpr hlc_stamp later{900};

transaction_terms terms(std::uint64_t number) {
  return {{{7}, {number}}, {things, "home"}, at_ms(0), at_ms(10'000)};
}

/// Writes its name under `key`.
operation part(std::uint64_t number, std::string key = "guarded") {
  auto what = doing({put_in(std::move(key), "by " + std::to_string(number))});
  return write(7, number, prepare{terms(number), std::move(what)});
}
/// Under a lock that another partition has.
operation preparing(std::uint64_t number, hlc_stamp token, std::string key = "guarded") {
  return under(part(number, std::move(key)), token, "lock", elsewhere);
}
operation raising(std::uint64_t number, hlc_stamp token) {
  return under(write(9, number, raise_fence{things, "guarded"}), token, "lock", elsewhere);
}
operation deciding(std::uint64_t number, hlc_stamp token) {
  return under(write(7, number, decide{terms(number), doing({put_in("home", "done")}), {}}), token,
               "lock", elsewhere);
}
resolve resolving(std::uint64_t number, bool committed, hlc_stamp stamp = {1}) {
  return {terms(number).id, committed, stamp, terms(number).deadline};
}
/// Under a lock of this partition.
operation preparing_here(std::uint64_t number, hlc_stamp token) {
  return under(part(number), token);
}

bool is_held(const answer& given, std::uint64_t by) {
  return given.code == error_code::transaction_conflict && given.holder
         && given.holder->terms == terms(by);
}

answer kept(applied_partition& p, std::uint64_t claim) {
  return p.machine().read(keeping(claim));
}

} // namespace

TEST_CASE("who brings a later token waits for what has prepared under an earlier one (P10)") {
  applied_partition p;
  REQUIRE(p.apply(preparing(1, earlier)).code == error_code::ok);
  CHECK(is_held(p.apply(raising(1, later)), 1));
  CHECK(is_held(p.apply(under(write(9, 2, put_of("other", "x")), later, "lock", elsewhere)), 1));
  CHECK(is_held(p.apply(preparing(2, later, "other")), 1));
  CHECK(is_held(p.apply(deciding(3, later)), 1));
  SUBCASE("though it is committed") {
    p.apply(resolving(1, true, p.last_stamp()));
    CHECK(*p.get("guarded").value == "by 1");
  }
  SUBCASE("or aborted") {
    p.apply(resolving(1, false));
    CHECK(p.get("guarded").code == error_code::not_found);
  }
  CHECK(p.apply(raising(1, later)).code == error_code::ok);
  CHECK(p.apply(preparing(2, later, "other")).code == error_code::ok);
}

TEST_CASE("nothing prepares under an earlier token once a later one has come (P14)") {
  applied_partition p;
  SUBCASE("and is known") {
    REQUIRE(p.apply(raising(1, later)).code == error_code::ok);
    CHECK(p.apply(preparing(1, earlier)).code == error_code::fenced);
    CHECK(p.apply(preparing(1, earlier)).known == outcome::not_applied);
    CHECK(p.apply(preparing(1, earlier)).version == later);
  }
  SUBCASE("and waits: else who has the lock next waits for ever") {
    REQUIRE(p.apply(preparing(1, earlier)).code == error_code::ok);
    REQUIRE(is_held(p.apply(raising(1, later)), 1));
    CHECK(p.apply(preparing(2, earlier, "other")).code == error_code::fenced);
    CHECK(p.apply(preparing(1, earlier)).code == error_code::ok); // it has prepared: once more
    p.apply(resolving(1, true, p.last_stamp()));
  }
  CHECK(p.machine().transactions().locks().is_empty());
}

TEST_CASE("several under one grant prepare side by side") {
  applied_partition p;
  CHECK(p.apply(preparing(1, earlier)).code == error_code::ok);
  CHECK(p.apply(preparing(2, earlier, "other")).code == error_code::ok);
  CHECK(is_held(p.apply(raising(1, later)), 1));
  p.apply(resolving(1, false));
  CHECK(is_held(p.apply(raising(1, later)), 2));
  CHECK(p.apply(raising(2, earlier)).code == error_code::fenced);
  p.apply(resolving(2, false));
  CHECK(p.apply(raising(1, later)).code == error_code::ok);
}

TEST_CASE("home decides nothing under an earlier token, and that is its end (P7, P14)") {
  applied_partition p;
  REQUIRE(p.apply(raising(1, later)).code == error_code::ok);
  const auto refused = p.apply(deciding(1, earlier));
  CHECK(refused.code == error_code::fenced);
  CHECK(refused.known == outcome::not_applied);
  CHECK(p.get("home").code == error_code::not_found);
  CHECK(p.apply(push{terms(1).id, terms(1).home, terms(1).deadline}).otherwise);
  CHECK(p.apply(deciding(1, earlier)).code == error_code::fenced); // as it was told
  const auto* ended = p.machine().transactions().ended(terms(1).id);
  REQUIRE(ended);
  CHECK_FALSE(ended->committed);
}

TEST_CASE("what home has decided under a fence stays, whatever token comes after (P7)") {
  applied_partition p;
  const auto done = p.apply(deciding(1, earlier));
  REQUIRE(done.code == error_code::ok);
  REQUIRE(p.apply(raising(1, later)).code == error_code::ok);
  const auto again = p.apply(deciding(1, earlier));
  CHECK(again.code == error_code::ok);
  CHECK(again.version == done.version);
  CHECK(p.apply(deciding(2, earlier)).code == error_code::fenced);
}

TEST_CASE("whoever has a lock next hears of it when what has prepared under it is resolved (P10)") {
  applied_partition p;
  const auto token = p.apply(acquiring(1)).version;
  REQUIRE(p.apply(preparing_here(1, token)).code == error_code::ok);
  SUBCASE("which it had waited for") {
    p.apply(acquiring(2));
    p.apply(releasing(1));
    CHECK(kept(p, 2).otherwise);
    CHECK(is_held(p.apply(acquiring(2)), 1));
    // The grant is made, so nothing more of the one before prepares.
    CHECK(p.apply(preparing_here(2, token)).code == error_code::fenced);
    p.apply(resolving(1, true, p.last_stamp()));
    CHECK(kept(p, 2).code == error_code::ok);
    CHECK_FALSE(kept(p, 2).otherwise);
    CHECK(kept(p, 2).version > token);
  }
  SUBCASE("which nobody had") {
    p.log(expire_claims{{claim_of(1)}});
    CHECK(is_held(p.apply(acquiring(2)), 1));
    p.apply(resolving(1, false));
    CHECK(p.apply(acquiring(2)).version > token);
  }
  SUBCASE("while its holder keeps it") {
    CHECK(kept(p, 1).version == token);
    CHECK(p.apply(acquiring(1)).version == token);
    CHECK(p.apply(acquiring(2)).otherwise);
  }
}

TEST_CASE("the end of what relied on a lock is told to who waits for that") {
  applied_partition p;
  const auto token = p.apply(acquiring(1)).version;
  REQUIRE(p.apply(preparing_here(1, token)).code == error_code::ok);
  p.machine().take_lock_changes();
  p.apply(resolving(1, false));
  const auto changes = p.machine().take_lock_changes();
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].lock == storage::key_name{things, "lock"});
  CHECK(changes[0].begun == claim_id{});
}

TEST_CASE("fences that are relied on survive a restart (P8, P10)") {
  applied_partition p;
  REQUIRE(p.apply(preparing(1, earlier)).code == error_code::ok);
  p.restart();
  CHECK(is_held(p.apply(raising(1, later)), 1));
  p.apply(resolving(1, true, p.last_stamp()));
  p.restart();
  CHECK(p.apply(raising(1, later)).code == error_code::ok);
  CHECK(p.apply(preparing(2, earlier)).code == error_code::fenced);
}

TEST_CASE("a guarded transaction that only reads is judged as well (P14)") {
  applied_partition p;
  const auto reading
    = [](std::uint64_t number, hlc_stamp token) {
        return under(write(9, number, doing({get_in("guarded")})), token, "lock", elsewhere);
      };
  CHECK_FALSE(reading(1, later).is_read());
  p.apply(put_of("guarded", "v"));
  const auto read = p.apply(reading(1, later));
  REQUIRE(read.steps);
  CHECK(*read.steps->front().value == "v");
  CHECK(p.apply(reading(2, earlier)).code == error_code::fenced);
}

TEST_CASE("what a program before this one has logged under a fence means what it meant (P1)") {
  applied_partition p;
  REQUIRE(p.apply(raising(1, later)).code == error_code::ok);
  const auto needed = [](operation what) {
    return version_needed(batch_at(at_ms(1), {std::move(what)}));
  };
  CHECK(needed(preparing(1, earlier)) == 5);
  CHECK(needed(deciding(1, earlier)) == 5);
  CHECK(needed(raising(1, later)) == 2);
  auto batch = batch_at(hlc_stamp::of(++p.now_ms, 0), {preparing(1, earlier)});
  batch.machine_version = entry_batch::version_before_wide_fences;
  CHECK(p.machine().apply(batch).front().code == error_code::ok);
  // Nobody relies on it.
  CHECK(p.apply(raising(2, hlc_stamp{later.value + 1})).code == error_code::ok);
}

// -- at its leader -------------------------------------------------------------------------

TEST_CASE("at a leader a raised fence is answered when what relied on it is resolved (P10, P14)") {
  replica_under_test leader;
  lead_with_space(leader);
  REQUIRE(leader.now_answer(preparing(1, earlier)).code == error_code::ok);
  const auto tag = leader.ask({raising(1, later)});
  leader.commit_all();
  CHECK(leader.is_open(tag));
  leader.pass(1'500);
  CHECK_FALSE(leader.doubted.empty()); // whoever has left it behind is pushed
  leader.now_answer(write(9, 0, resolving(1, false)));
  leader.commit_all();
  CHECK(leader.answer_to(tag).code == error_code::ok);
}

TEST_CASE("at a leader whoever waits for its turn hears of it when that is resolved (P10)") {
  replica_under_test leader;
  lead_with_space(leader);
  const auto token = leader.now_answer(write(1, 1, acquiring(1))).version;
  leader.now_answer(write(2, 1, acquiring(2)));
  REQUIRE(leader.now_answer(preparing_here(1, token)).code == error_code::ok);
  const auto tag = leader.ask({read(keeping(2, 5'000))});
  leader.hear(read_confirmed{leader.reads.back().ticket, leader.last_index});
  leader.now_answer(write(1, 2, releasing(1)));
  CHECK(leader.is_open(tag));
  leader.now_answer(write(9, 0, resolving(1, true)));
  CHECK_FALSE(leader.answer_to(tag).otherwise);
  CHECK(leader.answer_to(tag).version > token);
}
