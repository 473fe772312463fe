#include "tests/actors/client/client_under_test.hpp"

using namespace present;
using namespace present::client;
using namespace present::client::test;

namespace {

/// `things` is cut at "m": partition 1 and 2.
cluster_map cut_map() {
  auto map = small_map();
  map.partitions = {{.partition = root, .members = {{1}, {2}, {3}}},
                    {.partition = {1}, .members = {{1}, {2}, {3}}},
                    {.partition = {2}, .members = {{1}, {2}, {3}}}};
  map.ranges = {{{1}, "", {1}}, {{1}, "m", {2}}};
  map.leaders = {{root, {1}}, {{1}, {2}}, {{2}, {3}}};
  return map;
}

transact_call writing(std::vector<std::string> keys) {
  transact_call call{{"things"}, {}};
  for (auto& key : keys)
    call.what.then.push_back(put_step{{0}, std::move(key), nullptr});
  return call;
}

transact_call having_read(std::vector<std::string> keys) {
  transact_call call{{"things"}, {}};
  for (auto& key : keys)
    call.what.seen.push_back({{0}, std::move(key), {9}});
  return call;
}

const transact& what_of(const send_attempt& sent) {
  return std::get<transact>(sent.what.what);
}

} // namespace

TEST_CASE("a transaction goes whole to the partition that has its keys") {
  client_under_test client;
  const auto id = client.call(writing({"n", "o"}));
  client.give_map(cut_map());
  const auto sent = client.take();
  CHECK(sent.partition == partition_id{2});
  CHECK(sent.to == node_id{3});
  CHECK(std::get<put_step>(what_of(sent).then[1]).space == space_id{1});
  CHECK_FALSE(sent.what.is_read());
  client.succeed(sent, {7});
  CHECK(client.outcome_of(id).given.version == hlc_stamp{7});
}

TEST_CASE("one over several partitions goes whole to that of its first write") {
  client_under_test client;
  auto call = writing({"z", "a"});
  call.what.then.insert(call.what.then.begin(), get_step{{0}, "b"});
  const auto id = client.call(call);
  client.give_map(cut_map());
  const auto sent = client.take();
  CHECK(client.sent.empty());
  CHECK(sent.partition == partition_id{2});
  REQUIRE(what_of(sent).then.size() == 3);
  CHECK(std::get<put_step>(what_of(sent).then[2]).key == "a");
  CHECK(what_of(sent).start != hlc_stamp{});
  client.succeed(sent, {7});
  CHECK(client.outcome_of(id).given.version == hlc_stamp{7});
}

TEST_CASE("one that only reads several partitions has a number until it is answered") {
  client_under_test client;
  transact_call call{{"things"}, {}};
  call.what.then = {get_step{{0}, "a"}, get_step{{0}, "z"}};
  client.call(call);
  client.give_map(cut_map());
  const auto sent = client.take();
  CHECK(sent.partition == partition_id{1});
  CHECK(sent.what.acked_below <= sent.what.id.number);
  client.hear(attempt_lost{sent.attempt});
  CHECK(client.take().what.id == sent.what.id);
}

TEST_CASE("one that died for an older one comes again as another, with its age (P6, P13)") {
  client_under_test client;
  const auto id = client.call(writing({"a", "z"}));
  client.give_map(cut_map());
  const auto first = client.take();
  client.refuse(first, error_code::transaction_conflict);
  CHECK(client.is_open(id));
  client.wake();
  const auto second = client.take();
  CHECK(second.what.id != first.what.id);
  CHECK(what_of(second).start == what_of(first).start);
  client.succeed(second);
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("one that dies for older ones again and again goes on until its deadline (P13)") {
  client_under_test client;
  const auto id = client.call(writing({"a", "z"}));
  client.give_map(cut_map());
  auto sent = client.take();
  const auto start = what_of(sent).start;
  constexpr std::uint32_t deaths = 10; // more than retries are counted
  for (std::uint32_t died = 0; died < deaths; ++died) {
    client.refuse(sent, error_code::transaction_conflict);
    REQUIRE(client.is_open(id));
    client.wake();
    sent = client.take();
    CHECK(what_of(sent).start == start);
  }
  SUBCASE("and is the oldest at last") {
    client.succeed(sent);
    CHECK(client.outcome_of(id).problem.code == error_code::ok);
    CHECK(client.outcome_of(id).attempts == deaths + 1);
  }
  SUBCASE("when it is known that nothing of it was applied") {
    client.refuse(sent, error_code::transaction_conflict);
    while (client.is_open(id)) {
      client.wake();
      if (client.is_open(id))
        client.refuse(client.take(), error_code::transaction_conflict);
    }
    CHECK(client.outcome_of(id).problem.code == error_code::deadline);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
  }
}

TEST_CASE("one with a name that dies comes again under it, unless that has its answer (P4, P13)") {
  client_under_test client;
  const write_name name{.client = {4711}, .fingerprint = 99};
  client.hear(called{1, writing({"a", "z"}), 0, name, {}});
  client.give_map(cut_map());
  const auto first = client.take();
  const auto refuse = [&](const send_attempt& sent, bool repeated) {
    answer given;
    given.code = error_code::transaction_conflict;
    given.known = repeated ? outcome::not_applied : outcome::unknown;
    given.repeated = repeated;
    client.hear(answered{sent.attempt, given, {}, {}, map_epoch{5}, sent.to});
  };
  client.pass(2);
  refuse(first, false); // says nothing of what others have tried
  REQUIRE(client.is_open(1));
  client.wake();
  const auto second = client.take();
  CHECK(second.what.id == first.what.id);
  CHECK(second.what.retry_until != first.what.retry_until); // another attempt
  CHECK(what_of(second).start == what_of(first).start);
  SUBCASE("which is a success") {
    client.succeed(second);
    CHECK(client.outcome_of(1).problem.code == error_code::ok);
  }
  SUBCASE("or a refusal") {
    refuse(second, true);
    CHECK(client.outcome_of(1).problem.code == error_code::transaction_conflict);
    CHECK(client.outcome_of(1).problem.known == outcome::not_applied);
  }
  SUBCASE("or is over its time, and unknown") {
    while (client.is_open(1)) {
      if (!client.sent.empty())
        refuse(client.take(), false);
      client.wake();
    }
    CHECK(client.outcome_of(1).problem.code == error_code::deadline);
    CHECK(client.outcome_of(1).problem.known == outcome::unknown);
  }
}

TEST_CASE("one that has read something before is told of a conflict at once") {
  client_under_test client;
  auto call = writing({"a", "z"});
  call.what.seen = {{{0}, "b", {9}}};
  const auto id = client.call(call);
  client.give_map(cut_map());
  client.refuse(client.take(), error_code::transaction_conflict);
  CHECK(client.outcome_of(id).problem.code == error_code::transaction_conflict);
  CHECK(client.outcome_of(id).attempts == 1);
}

TEST_CASE("one under a lock goes to all of its partitions with its fence, and isn't tried again") {
  client_under_test client;
  transact_call call;
  SUBCASE("that writes") { call = writing({"a", "z"}); }
  SUBCASE("or looks whether what it read is still so") { call = having_read({"a", "z"}); }
  call.fence = fence_name{"things", "lock", {9}};
  const auto id = client.call(call);
  client.give_map(cut_map());
  const auto sent = client.take();
  CHECK(client.sent.empty());
  REQUIRE(sent.what.fence);
  CHECK(*sent.what.fence == lock_fence{{1}, "lock", {9}});
  CHECK_FALSE(sent.what.is_read());
  CHECK(what_of(sent).then.size() + what_of(sent).seen.size() == 2);
  client.refuse(sent, error_code::fenced);
  CHECK(client.outcome_of(id).problem.code == error_code::fenced);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
  CHECK(client.outcome_of(id).attempts == 1);
}

TEST_CASE("what a coordinator asks is asked of whoever has the key, and told as it is") {
  client_under_test client;
  const auto fence = std::make_shared<const lock_fence>(lock_fence{{1}, "lock", {9}});
  const auto asked = std::make_shared<const operation>(
    operation{{}, {}, {}, 0, push{{{4}, {5}}, {{1}, "n"}, {9}}, fence});
  const auto id = client.call(part_call{{{1}, "n"}, asked});
  client.give_map(cut_map());
  const auto sent = client.take();
  CHECK(sent.partition == partition_id{2});
  CHECK(std::holds_alternative<push>(sent.what.what));
  CHECK(sent.what.fence == fence);
  answer locked;
  locked.code = error_code::transaction_conflict;
  locked.known = outcome::not_applied;
  locked.holder = std::make_shared<const lock_holder>();
  client.hear(answered{sent.attempt, locked, {}, {}, {}, {}});
  CHECK(client.outcome_of(id).given.holder);
}

TEST_CASE("what was put together for one partition isn't sent when a newer map has several") {
  client_under_test client;
  aftermath both;
  both.resolved = {{{{4}, {5}}, true, {3}, {9}}, {{{4}, {6}}, true, {3}, {9}}};
  part_call call{{{1}, "n"}, std::make_shared<const operation>(operation{{}, {}, {}, 0, both})};
  SUBCASE("it has one still") {
    call.also = {{{1}, "z"}};
    const auto id = client.call(call);
    client.give_map(cut_map());
    const auto sent = client.take();
    CHECK(std::get<aftermath>(sent.what.what) == both);
    client.succeed(sent);
    CHECK(client.outcome_of(id).problem.code == error_code::ok);
  }
  SUBCASE("it has several") {
    call.also = {{{1}, "a"}};
    const auto id = client.call(call);
    client.give_map(cut_map());
    CHECK(client.sent.empty());
    CHECK(client.outcome_of(id).problem.code == error_code::wrong_partition);
  }
}

TEST_CASE("what was read of several partitions is validated one after the other") {
  client_under_test client;
  auto call = having_read({"z", "a"});
  call.what.ranges = {{{0}, "k", "o", {{"l", {1}}, {"n", {2}}}}};
  const auto id = client.call(call);
  client.give_map(cut_map());
  const auto first = client.take();
  CHECK(client.sent.empty());
  CHECK(first.partition == partition_id{1});
  CHECK(what_of(first).seen == std::vector<seen_key>{{{1}, "a", {9}}});
  CHECK(what_of(first).ranges == std::vector<seen_range>{{{1}, "k", "m", {{"l", {1}}}}});
  client.succeed(first);
  const auto second = client.take();
  CHECK(second.partition == partition_id{2});
  CHECK(what_of(second).seen == std::vector<seen_key>{{{1}, "z", {9}}});
  CHECK(what_of(second).ranges == std::vector<seen_range>{{{1}, "m", "o", {{"n", {2}}}}});
  CHECK(client.is_open(id));
  client.succeed(second);
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("a conflict of the first partition ends it: the second isn't asked") {
  client_under_test client;
  const auto id = client.call(having_read({"z", "a"}));
  client.give_map(cut_map());
  client.refuse(client.take(), error_code::transaction_conflict);
  CHECK(client.sent.empty());
  CHECK(client.outcome_of(id).problem.code == error_code::transaction_conflict);
}

TEST_CASE("a conflict is the state machine's word: it isn't asked again under that number (P6)") {
  client_under_test client;
  const auto id = client.call(writing({"a"}));
  client.give_map(cut_map());
  client.hear(attempt_lost{client.take().attempt});
  // Of the attempt that was lost it would have known.
  client.refuse(client.take(), error_code::transaction_conflict);
  CHECK(client.outcome_of(id).problem.code == error_code::transaction_conflict);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("a space that isn't there is said by its name, also among several") {
  client_under_test client;
  transact_call call{{"things", "nowhere"}, {}};
  call.what.then = {put_step{{0}, "a", nullptr}, put_step{{1}, "b", nullptr}};
  const auto id = client.call(call);
  client.give_map(cut_map());
  CHECK(client.outcome_of(id).problem.code == error_code::unknown_space);
  CHECK(client.outcome_of(id).problem.message.find("'nowhere'") != std::string::npos);
}

TEST_CASE("one that names no key is refused") {
  client_under_test client;
  const auto id = client.call(transact_call{});
  client.give_map(cut_map());
  CHECK(client.outcome_of(id).problem.code == error_code::invalid);
}

TEST_CASE("a scan among the steps stays within one partition") {
  client_under_test client;
  transact_call call{{"things"}, {}};
  call.what.then = {scan_step{{0}, "a", "", 0, false}};
  const auto refused = client.call(call);
  client.give_map(cut_map());
  CHECK(client.outcome_of(refused).problem.code == error_code::invalid);
  call.what.then = {scan_step{{0}, "a", "m", 0, false}};
  client.call(call);
  CHECK(client.take().partition == partition_id{1});
}
