#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

get at(std::string key, hlc_stamp stamp) {
  return {{1}, std::move(key), false, stamp};
}

std::string shown(const answer& given) {
  if (given.code == error_code::ok)
    return *given.value;
  return std::string{traits_of(given.code).name};
}

/// Reads at `stamp`; the round is confirmed, and what the machine proposes is committed.
answer past(replica_under_test& replica, get what) {
  const auto tag = replica.ask({read(std::move(what))});
  if (!replica.reads.empty()) {
    replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
    replica.reads.pop_back();
  }
  replica.commit_all();
  return replica.answer_to(tag);
}

hlc_stamp below(hlc_stamp version) {
  return {version.value - 1};
}

} // namespace

TEST_CASE("a read at a stamp waits until nothing below it can be written any more (P22, P23)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto first = replica.now_answer(write(1, 1, put_of("k", "1"))).version;
  replica.ask({write(1, 2, put_of("k", "2"))}); // stamped, in no log yet
  const auto stamp = replica.proposed.front().batch->first_stamp;
  const auto tag = replica.ask({read(at("k", stamp))});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  REQUIRE(replica.is_open(tag));
  replica.commit_all();
  CHECK(shown(replica.answer_to(tag)) == "2");
  CHECK(first < stamp);
}

TEST_CASE("where nobody writes an entry is made so that the stamp is closed (I14)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.now_answer(write(1, 1, put_of("k", "1")));
  const auto stamp = hlc_stamp::of(replica.wall_ms + 100, 0);
  const auto tag = replica.ask({read(at("k", stamp))});
  REQUIRE(replica.proposed.size() == 1);
  CHECK(replica.proposed.front().batch->first_stamp > stamp);
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  CHECK(replica.is_open(tag));
  replica.commit_all();
  CHECK(shown(replica.answer_to(tag)) == "1");
  // And whatever comes later is later.
  CHECK(replica.now_answer(write(1, 2, put_of("k", "2"))).version > stamp);
}

TEST_CASE("a stamp too far ahead of the clocks is an error, and closes nothing (P21)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({read(at("k", hlc_stamp::of(replica.wall_ms + 400, 0)))});
  CHECK(replica.response_to(tag).failure.code == error_code::clock_skew);
  CHECK(replica.proposed.empty());
}

TEST_CASE("a follower serves a stamp that it has come to, no later one") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto version = replica.now_answer(write(1, 1, put_of("k", "1"))).version;
  replica.follow({2});
  const auto stale = [&](hlc_stamp stamp) {
    get what{{1}, "k", true, stamp};
    return shown(replica.answer_to(replica.ask({read(what)})));
  };
  CHECK(stale(version) == "1");
  CHECK(stale(hlc_stamp::of(replica.wall_ms + 100, 0)) == "not_leader");
}

TEST_CASE("where one version is kept, what was before it isn't known (V1)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto first = replica.now_answer(write(1, 1, put_of("k", "1"))).version;
  const auto second = replica.now_answer(write(1, 2, put_of("k", "2"))).version;
  CHECK(shown(past(replica, at("k", second))) == "2");
  CHECK(shown(past(replica, at("k", first))) == "too_old");
  CHECK(shown(past(replica, at("never", first))) == "not_found");
  const auto page = replica.ask({read(scan{{1}, "", "", 0, false, false, first})});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  CHECK(replica.answer_to(page).code == error_code::too_old);
}

TEST_CASE("a read at or above a prepare waits for it, one below doesn't (P22)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto before = replica.now_answer(write(1, 1, put_of("k", "1"))).version;
  prepare asked;
  asked.terms = {{{9}, {1}}, {{1}, "elsewhere"}, before, at_ms(60'000)};
  asked.part.then = {put_step{{1}, "k", bytes("2")}};
  const auto prepared = replica.now_answer(write(9, 1, asked));
  REQUIRE(prepared.code == error_code::ok);
  const auto tag = replica.ask({read(at("k", prepared.version))});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  replica.reads.pop_back();
  CHECK(replica.is_open(tag));
  CHECK(shown(past(replica, at("k", below(prepared.version)))) == "1");
  CHECK(shown(past(replica, at("other", prepared.version))) == "not_found");
  const hlc_stamp decided{prepared.version.value + 5};
  replica.now_answer(write(9, 2, resolve{{{9}, {1}}, true, decided, at_ms(60'000)}));
  // Decided later, and one version of a key is all that is kept here.
  CHECK(replica.answer_to(tag).code == error_code::too_old);
  CHECK(shown(past(replica, at("k", decided))) == "2");
}
