#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

std::size_t rows_of(replica_under_test& replica, space_id space) {
  return replica.table()
    .scan(storage::record_key::value(space, ""), storage::record_key::end_of(space),
          100'000)
    ->size();
}

} // namespace

TEST_CASE("a space's number is never used again") {
  replica_under_test replica;
  lead_with_space(replica);
  REQUIRE(replica.machine().spaces().at("things") == space_id{1});
  replica.now_answer(write(1, 1, drop_space{"things"}));
  SUBCASE("at once") {}
  SUBCASE("after a restart") {
    replica.restart();
    replica.lead({2});
  }
  replica.now_answer(write(1, 2, create_space{"things"}));
  CHECK(replica.machine().spaces().at("things") == space_id{2});
  CHECK(replica.now_answer(write(1, 3, put_of("k", "v"))).code
        == error_code::unknown_space);
}

TEST_CASE("each change of the spaces is a new epoch, which a restart keeps") {
  replica_under_test replica;
  replica.lead({1});
  const auto before = replica.machine().epoch();
  replica.now_answer(write(1, 1, create_space{"a"}));
  CHECK(replica.machine().epoch() == next(before));
  replica.now_answer(write(1, 2, create_space{"a"}));
  CHECK(replica.machine().epoch() == next(before));
  replica.now_answer(write(1, 3, drop_space{"a"}));
  CHECK(replica.machine().epoch() == next(next(before)));
  replica.restart();
  CHECK(replica.machine().epoch() == next(next(before)));
}

TEST_CASE("a space that is there can't be created, one that isn't can't be dropped") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto there = replica.now_answer(write(1, 1, create_space{"things"}));
  CHECK(there.code == error_code::version_conflict);
  CHECK(there.version > never);
  CHECK(replica.now_answer(write(1, 2, drop_space{"other"})).code
        == error_code::unknown_space);
  CHECK(replica.now_answer(write(1, 3, create_space{"no spaces"})).code
        == error_code::invalid);
  CHECK(replica.now_answer(write(1, 4, create_space{""})).code == error_code::invalid);
}

TEST_CASE("only the root partition keeps spaces") {
  replica_under_test replica{{.id = {3}}};
  replica.lead({1});
  auto asked = std::make_shared<request>(*request_of({write(1, 1, create_space{"a"})}));
  asked->partition = {3};
  replica.hear(arrived{50, asked});
  replica.commit_all();
  CHECK(replica.answer_to(50).code == error_code::wrong_partition);
  CHECK(replica.machine().spaces().empty());
}

TEST_CASE("a dropped space is gone at once, its keys in parts (P3)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.now_answer(write(1, 1, create_space{"other"}));
  replica.now_answer(write(1, 2, put_of("kept", "v", always{}, {2})));
  std::vector<operation> many;
  for (std::uint64_t n = 0; n < 1000; ++n)
    many.push_back(write(1, 10 + n, put_of("k" + std::to_string(n), "v")));
  replica.ask(many);
  for (auto& asked : many)
    std::get<put>(asked.what).key += "'";
  for (auto& asked : many)
    asked.id.number.value += 1000;
  replica.ask(many);
  replica.commit_all();
  REQUIRE(rows_of(replica, {1}) == 2000);

  const auto dropped = replica.ask({write(1, 5000, drop_space{"things"})});
  replica.place();
  replica.commit();
  CHECK(replica.answer_to(dropped).code == error_code::ok);
  CHECK(rows_of(replica, {1}) == 1000); // the entry that drops takes a part along
  CHECK(replica.now_read(get{{1}, "k1"}).code == error_code::unknown_space);

  SUBCASE("the leader drives it on with entries of its own") {
    REQUIRE(replica.proposed.size() == 1);
    CHECK(replica.proposed[0].batch->operations.empty());
    replica.commit_all();
  }
  SUBCASE("clients' entries take parts along too") {
    replica.place();
    replica.ask({write(1, 6000, put_of("kept", "w", always{}, {2}))});
    replica.commit_all();
  }
  SUBCASE("a follower goes on where its log does, after a restart") {
    replica.restart();
    CHECK(rows_of(replica, {1}) == 1000);
    replica.lead({2});
    replica.commit_all();
  }
  CHECK(rows_of(replica, {1}) == 0);
  CHECK(rows_of(replica, {2}) == 1);
  CHECK(replica.proposed.empty());
  const auto record = replica.table().get_as<storage::space_record>(
    storage::record_key::space({1}));
  CHECK((*record)->collected);
}

TEST_CASE("a part is bounded in bytes as well (P3)") {
  replica_under_test replica;
  lead_with_space(replica);
  for (std::uint64_t n = 0; n < 12; ++n)
    replica.now_answer(write(1, 1 + n, put_of("k" + std::to_string(n),
                                              std::string(bounds::max_value, 'v'))));
  replica.ask({write(1, 50, drop_space{"things"})});
  replica.place();
  replica.commit();
  CHECK(rows_of(replica, {1}) == 4);
  replica.commit_all();
  CHECK(rows_of(replica, {1}) == 0);
}

TEST_CASE("an entry of its own that was refused is not proposed again at once") {
  replica_under_test replica;
  lead_with_space(replica);
  std::vector<operation> many;
  for (std::uint64_t n = 0; n < 1000; ++n)
    many.push_back(write(1, 10 + n, put_of("k" + std::to_string(n), "v")));
  replica.ask(many);
  replica.commit_all();
  replica.ask({write(1, 5, put_of("k", "v")), write(1, 5000, drop_space{"things"})});
  replica.place();
  replica.commit();
  REQUIRE(replica.proposed.size() == 1);
  const auto refused = replica.proposed.front().ticket;
  replica.proposed.clear();
  replica.hear(proposal_refused{refused, refusal_reason::disk_full});
  CHECK(replica.proposed.empty());
  REQUIRE(replica.machine().next_wake());
  const auto wake = *replica.machine().next_wake();
  CHECK(wake > replica.now);
  replica.pass(wake - replica.now);
  CHECK(replica.proposed.size() == 1);
  replica.commit_all();
  CHECK_FALSE(replica.machine().next_wake());
}
