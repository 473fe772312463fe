#include "tests/actors/partition/locking.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

constexpr space_id elsewhere{2};

operation put_under(std::uint64_t number, hlc_stamp token, space_id lock_space = things) {
  return under(write(9, number, put_of("guarded", "by " + std::to_string(number))), token, "lock",
               lock_space);
}

answer kept(const applied_partition& p, std::uint64_t claim) {
  return const_cast<applied_partition&>(p).machine().read(keeping(claim));
}

lock_standing standing(applied_partition& p) {
  const auto given = p.machine().read(read_lock{things, "lock"});
  REQUIRE(given.lock);
  return *given.lock;
}

} // namespace

TEST_CASE("a lock is granted with the stamp of its entry as token") {
  applied_partition p;
  const auto granted = p.apply(acquiring(1));
  CHECK(granted.code == error_code::ok);
  CHECK(granted.version == p.last_stamp());
  CHECK_FALSE(granted.otherwise);
  CHECK(kept(p, 1).version == granted.version);
  CHECK(p.get("lock").code == error_code::not_found); // it is no value
}

TEST_CASE("who comes later waits in order, and is granted a higher token") {
  applied_partition p;
  const auto first = p.apply(acquiring(1));
  CHECK(p.apply(acquiring(2)).otherwise);
  CHECK(p.apply(acquiring(3)).otherwise);
  CHECK(p.apply(acquiring(2)).otherwise); // keeps its place
  CHECK(standing(p).waiting == 2);
  CHECK(kept(p, 2).otherwise);
  CHECK(p.apply(releasing(1)).code == error_code::ok);
  CHECK(kept(p, 2).version == p.last_stamp());
  CHECK(kept(p, 2).version > first.version);
  CHECK(kept(p, 3).otherwise);
  CHECK(kept(p, 1).code == error_code::fenced);
}

TEST_CASE("who doesn't want to wait is told who has it") {
  applied_partition p;
  const auto first = p.apply(acquiring(1));
  const auto refused = p.apply(acquiring(2, "lock", false));
  CHECK(refused.code == error_code::version_conflict);
  CHECK(refused.version == first.version);
  CHECK(refused.message == "the lock is held by 'claim 1'");
  CHECK(standing(p).waiting == 0);
}

TEST_CASE("who leaves the queue lets the others go on") {
  applied_partition p;
  p.apply(acquiring(1));
  p.apply(acquiring(2));
  p.apply(acquiring(3));
  CHECK(p.apply(releasing(2)).code == error_code::ok);
  CHECK(p.apply(releasing(2)).code == error_code::not_found);
  p.apply(releasing(1));
  CHECK(standing(p).owner == "claim 3");
  p.apply(releasing(3));
  CHECK(standing(p).version == hlc_stamp{});
  CHECK(p.machine().locks().all().empty());
}

TEST_CASE("an expiry is conditional, and grants once however many claims it takes away (L5)") {
  applied_partition p;
  p.apply(acquiring(1));
  p.apply(acquiring(2));
  p.apply(acquiring(3));
  p.log(expire_claims{{claim_of(1), claim_of(2), claim_of(7), claim_of(1, "another")}});
  CHECK(kept(p, 3).version == p.last_stamp());
  const auto token = kept(p, 3).version;
  p.log(expire_claims{{claim_of(1), claim_of(2)}});
  CHECK(kept(p, 3).version == token);
}

TEST_CASE("a write is applied only under the token of the present grant (L3)") {
  applied_partition p;
  const auto old = p.apply(acquiring(1)).version;
  CHECK(p.apply(put_under(1, old)).code == error_code::ok);
  p.apply(acquiring(2));
  p.log(expire_claims{{claim_of(1)}});
  const auto late = p.apply(put_under(2, old));
  CHECK(late.code == error_code::fenced);
  CHECK(late.known == outcome::not_applied);
  CHECK(late.version == kept(p, 2).version);
  CHECK(p.get("guarded").value->compare("by 1") == 0);
  CHECK(p.apply(put_under(3, kept(p, 2).version)).code == error_code::ok);
  p.apply(releasing(2));
  CHECK(p.apply(put_under(4, late.version)).code == error_code::fenced); // nobody has it
}

TEST_CASE("a fence stands before deletes and transactions as well") {
  applied_partition p;
  const auto old = p.apply(acquiring(1)).version;
  p.apply(put_of("k", "v"));
  p.apply(releasing(1));
  CHECK(p.apply(under(write(9, 1, remove_of("k")), old)).code == error_code::fenced);
  CHECK(p.apply(under(write(9, 2, doing({put_in("k", "w")})), old)).code == error_code::fenced);
  CHECK(*p.get("k").value == "v");
}

TEST_CASE("of another partition's lock the highest token that came here counts") {
  applied_partition p;
  const auto old = p.last_stamp();
  p.apply(put_of("other", "x"));
  const auto newer = p.last_stamp();
  CHECK(p.apply(put_under(1, old, elsewhere)).code == error_code::ok);
  CHECK(p.apply(under(write(9, 2, raise_fence{things, "guarded"}), newer, "lock", elsewhere)).code
        == error_code::ok);
  const auto late = p.apply(put_under(3, old, elsewhere));
  CHECK(late.code == error_code::fenced);
  CHECK(late.version == newer);
  CHECK(p.apply(put_under(4, newer, elsewhere)).code == error_code::ok);
}

TEST_CASE("a token from the future is refused and drags nothing") {
  applied_partition p;
  const auto far = hlc_stamp::of(p.now_ms + lock_book::max_token_lead_ms + 1000, 0);
  CHECK(p.apply(put_under(1, far, elsewhere)).code == error_code::invalid);
  CHECK(p.apply(put_under(2, p.last_stamp(), elsewhere)).code == error_code::ok);
}

TEST_CASE("tokens that are forgotten leave a mark below which no lock is trusted (L4)") {
  storage::memory_state_backend disk;
  storage::state table{disk};
  lock_book book{table, 2};
  const auto at = [](std::uint64_t ms) { return hlc_stamp::of(first_wall_ms + ms, 0); };
  const auto comes = [&](const char* lock, std::uint64_t token) {
    return !book.pass({elsewhere, lock, at(token)}, false, at(100));
  };
  CHECK(comes("a", 10));
  CHECK(comes("b", 20));
  CHECK(comes("c", 30)); // "a" is forgotten
  CHECK_FALSE(comes("a", 9));
  CHECK_FALSE(comes("a", 10));
  CHECK_FALSE(comes("new", 5));
  CHECK(comes("b", 21));
  lock_book again{table, 2};
  CHECK(again.pass({elsewhere, "new", at(5)}, false, at(100)));
  CHECK(again.pass({elsewhere, "b", at(20)}, false, at(100)));
  CHECK_FALSE(again.pass({elsewhere, "new", at(40)}, false, at(100)));
}

TEST_CASE("locks and tokens survive a restart") {
  applied_partition p;
  const auto token = p.apply(acquiring(1)).version;
  p.apply(acquiring(2));
  const auto newer = p.last_stamp();
  p.apply(put_under(1, newer, elsewhere));
  p.restart();
  CHECK(kept(p, 1).version == token);
  CHECK(kept(p, 2).otherwise);
  CHECK(p.apply(put_under(2, token, elsewhere)).code == error_code::fenced);
  p.apply(releasing(1));
  CHECK(kept(p, 2).version == p.last_stamp());
}

TEST_CASE("what its holder publishes is there until another has it") {
  applied_partition p;
  auto candidate = acquiring(1);
  candidate.value = bytes("10.0.0.1:80");
  const auto elected = p.apply(candidate);
  CHECK(*standing(p).value == "10.0.0.1:80");
  candidate.value = bytes("10.0.0.1:81");
  const auto again = p.apply(candidate);
  CHECK(again.version == elected.version); // the same token
  CHECK(*standing(p).value == "10.0.0.1:81");
  CHECK(standing(p).version == p.last_stamp());
  CHECK(standing(p).token == elected.version);
}

TEST_CASE("a claim that is asked again under its operation's number is answered, not queued") {
  applied_partition p;
  const auto asked = write(3, 1, acquiring(1));
  const auto token = p.apply(asked).version;
  p.apply(releasing(1));
  const auto late = p.apply(asked); // a copy that was under way for long
  CHECK(late.repeated);
  CHECK(late.version == token);
  CHECK(p.machine().locks().all().empty());
}

TEST_CASE("limits of locks are refused with what they are") {
  applied_partition p;
  auto asked = acquiring(0);
  CHECK(p.apply(asked).code == error_code::invalid);
  asked = acquiring(1);
  asked.lease_ms = min_lease_ms - 1;
  CHECK(p.apply(asked).message == "lease_ms: 199; a lease has 200 to 3600000");
  asked = acquiring(1);
  asked.owner.assign(max_lock_owner + 1, 'x');
  CHECK(p.apply(asked).code == error_code::too_large);
  asked = acquiring(1);
  asked.value = bytes(std::string(max_lock_value + 1, 'x'));
  CHECK(p.apply(asked).code == error_code::too_large);
  CHECK(p.apply(write(6, 1, raise_fence{things, "k"})).message
        == "fence: none; there is nothing to raise");
  for (std::uint64_t claim = 1; claim <= max_lock_claims; ++claim)
    p.apply(acquiring(claim));
  const auto full = write(5, 1, acquiring(max_lock_claims + 1));
  CHECK(p.apply(full).code == error_code::overloaded);
  p.apply(releasing(1));
  CHECK(p.apply(full).code == error_code::ok); // it wasn't remembered
}

TEST_CASE("locks of a space that went go with it") {
  applied_partition p;
  for (int n = 0; n < 1500; ++n)
    p.apply(acquiring(1, "lock " + std::to_string(n)));
  p.log(adopt_share{{2}, {{elsewhere, "", ""}}});
  while (p.machine().is_collecting())
    p.log({});
  CHECK(p.machine().locks().all().empty());
  p.restart();
  CHECK(p.machine().locks().all().empty());
  CHECK(p.apply(acquiring(1)).code == error_code::wrong_partition);
  CHECK(p.machine().read(keeping(1)).code == error_code::wrong_partition);
}

// -- sessions (L6) ---------------------------------------------------------------------

namespace {

constexpr std::uint64_t ending_client = 11;
constexpr std::uint64_t other_client = 12;

hlc_stamp token_of(applied_partition& p, const std::string& lock) {
  return p.machine().read(read_lock{things, lock}).lock->token;
}

bool is_there(applied_partition& p, const std::string& lock, std::uint64_t claim) {
  return p.machine().read(keep_lock{things, lock, {claim}, 0}).code == error_code::ok;
}

} // namespace

TEST_CASE("a session that ends gives up what it holds and what it waits for, in one step (L6)") {
  applied_partition p;
  p.apply(write(ending_client, 1, claiming(1, "mine")));
  p.apply(write(other_client, 1, claiming(2, "mine")));
  p.apply(write(ending_client, 2, claiming(3, "mine"))); // also behind the other
  p.apply(write(other_client, 2, claiming(4, "theirs")));
  p.apply(write(ending_client, 3, claiming(5, "theirs")));
  p.apply(write(ending_client, 4, claiming(6, "lonely")));
  const auto theirs = token_of(p, "theirs");
  SUBCASE("at once") {}
  SUBCASE("after a restart") { p.restart(); }
  (void)p.machine().take_lock_changes();
  CHECK(p.apply(write(ending_client, 5, ending())).code == error_code::ok);
  const auto standing = p.machine().read(read_lock{things, "mine"});
  CHECK(standing.lock->token == p.last_stamp());
  CHECK(standing.lock->waiting == 0);
  CHECK(is_there(p, "mine", 2));
  CHECK(token_of(p, "theirs") == theirs); // whose holder has lost nobody but a waiter
  CHECK_FALSE(is_there(p, "theirs", 5));
  CHECK(token_of(p, "lonely") == hlc_stamp{});
  std::set<claim_id> begun;
  for (const auto& change : p.machine().take_lock_changes())
    if (change.begun.value != 0)
      begun.insert(change.begun);
  CHECK(begun == std::set<claim_id>{{2}}); // whose lease begins, and nobody else's
}

TEST_CASE("a session's end frees no claim but its own (L6)") {
  applied_partition p;
  p.apply(write(ending_client, 1, acquiring(1, "of nobody")));
  p.apply(write(ending_client, 2, claiming(2, "handed on")));
  p.apply(write(other_client, 1, claiming(2, "handed on"))); // the same claim, asked for by another
  p.apply(write(ending_client, 3, claiming(3, "given back")));
  p.apply(write(ending_client, 4, releasing(3, "given back")));
  p.apply(write(other_client, 2, claiming(4, "given back")));
  p.apply(write(ending_client, 5, claiming(5, "lapsed")));
  p.log(expire_claims{{claim_of(5, "lapsed")}});
  p.apply(write(other_client, 3, claiming(5, "lapsed"))); // again the same claim
  std::map<std::string, hlc_stamp> before;
  for (const auto* lock : {"of nobody", "handed on", "given back", "lapsed"})
    before[lock] = token_of(p, lock);
  CHECK(p.apply(write(ending_client, 6, ending())).code == error_code::ok);
  for (const auto& [lock, token] : before) {
    CAPTURE(lock);
    CHECK(token.value != 0);
    CHECK(token_of(p, lock) == token);
  }
}

TEST_CASE("what a session asked for before its end takes no lock after it (L6)") {
  applied_partition p;
  p.apply(write(other_client, 1, claiming(9)));
  p.apply(write(ending_client, 2, claiming(1)));
  CHECK(p.apply(write(ending_client, 3, ending())).code == error_code::ok);
  SUBCASE("at once") {}
  SUBCASE("after a restart") { p.restart(); }
  const auto late = p.apply(write(ending_client, 1, claiming(2)));
  CHECK(late.code == error_code::session_expired);
  CHECK(late.message == "the session has ended");
  CHECK(p.apply(write(ending_client, 2, claiming(1))).repeated); // a retry hears, and changes nothing
  CHECK(p.apply(write(ending_client, 3, ending())).repeated);
  CHECK(standing(p).waiting == 0);
  CHECK(p.apply(write(other_client, 2, releasing(9))).code == error_code::ok);
  CHECK(standing(p).token == hlc_stamp{});
  // Without its session's name it is asked for like anybody's.
  CHECK(p.apply(write(ending_client, 4, acquiring(3))).code == error_code::ok);
}

TEST_CASE("a session that had nothing ends like others") {
  applied_partition p;
  p.apply(write(other_client, 1, claiming(1)));
  CHECK(p.apply(write(ending_client, 1, ending())).code == error_code::ok);
  CHECK(is_there(p, "lock", 1));
  CHECK(p.apply(write(ending_client, 2, end_session{{7}, "k"})).code
        == error_code::wrong_partition);
  CHECK(p.apply(write(ending_client, 3, end_session{things, ""})).code == error_code::invalid);
}

TEST_CASE("a session has only so many claims in a partition, as its end is one step") {
  applied_partition p;
  for (std::uint64_t claim = 1; claim <= max_session_claims; ++claim)
    REQUIRE(p.apply(write(ending_client, claim, claiming(claim, "lock " + std::to_string(claim)),
                          claim))
              .code == error_code::ok);
  const auto number = max_session_claims + 1;
  const auto full = p.apply(write(ending_client, number, claiming(number)));
  CHECK(full.code == error_code::overloaded);
  CHECK(full.message
        == "the session has 10000 locks in this partition, held or waited for: no more");
  CHECK(p.apply(write(ending_client, number + 1, claiming(1, "lock 1"))).code == error_code::ok);
  CHECK(p.apply(write(other_client, 1, claiming(number))).code == error_code::ok);
  CHECK(p.apply(write(ending_client, number + 2, ending())).code == error_code::ok);
  CHECK(p.machine().locks().all().size() == 1);
}

TEST_CASE("an entry says the lowest machine version that gives it its meaning (P1)") {
  CHECK(version_needed(batch_at(at_ms(1), {write(1, 1, put_of("k", "v")), write(1, 2, acquiring(1))}))
        == 2);
  CHECK(version_needed(batch_at(at_ms(1), {write(1, 1, put_of("k", "v")), write(1, 2, claiming(1))}))
        == 3);
  CHECK(version_needed(batch_at(at_ms(1), {write(1, 1, ending())})) == 3);
}
