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

/// The map of `epoch`, in which space 1 is cut at "m": the upper part is another
/// partition's.
cluster_map_ptr cut_map(std::uint64_t epoch) {
  auto map = std::make_shared<cluster_map>();
  map->epoch = {epoch};
  map->ranges = {{{1}, "", {1}}, {{1}, "m", {2}}, {{2}, "", {1}}};
  return map;
}

/// Fills space 1 with `count` keys.
void fill(replica_under_test& replica, std::uint64_t count) {
  for (std::uint64_t first = 0; first < count; first += 1000) {
    std::vector<operation> many;
    for (auto n = first; n < std::min(count, first + 1000); ++n)
      many.push_back(write(1, 10 + n, put_of("k" + std::to_string(n), "v")));
    replica.ask(std::move(many));
  }
  replica.commit_all();
}

} // namespace

TEST_CASE("a leader logs what its partition owns, once (I7)") {
  replica_under_test replica;
  replica.lead({1});
  replica.hear(map_known{map_with(2, {1})});
  REQUIRE(replica.proposed.size() == 1);
  const auto batch = replica.proposed.front().batch;
  CHECK(std::get<adopt_share>(batch->command)
        == adopt_share{{2}, {{{1}, "", ""}}});
  CHECK(batch->operations.empty());
  replica.hear(map_known{map_with(3, {1})});
  CHECK(replica.proposed.size() == 1);
  replica.commit_all();
  CHECK(replica.machine().epoch() == map_epoch{2}); // 3 changed nothing for it
  SUBCASE("what changes it is logged in its turn") {
    replica.hear(map_known{map_with(5, {1, 2})});
    replica.commit_all();
    CHECK(replica.machine().epoch() == map_epoch{5});
    CHECK(replica.now_answer(write(1, 1, put_of("k", "v", always{}, {2}))).code
          == error_code::ok);
  }
  SUBCASE("an old map is not") {
    replica.hear(map_known{map_with(1, {1, 2})});
    CHECK(replica.proposed.empty());
  }
}

TEST_CASE("a follower logs nothing, and what it knows serves when it leads (I7)") {
  replica_under_test replica;
  replica.hear(map_known{map_with(2, {1})});
  CHECK(replica.proposed.empty());
  replica.lead({1});
  replica.commit_all();
  CHECK(replica.machine().epoch() == map_epoch{2});
}

TEST_CASE("two maps meet in the log: the newer one stays (P1)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(map_known{map_with(5, {1, 2})});
  replica.hear(map_known{map_with(6, {1})}); // as it is now, but 5 is on its way
  replica.commit_all();
  CHECK(replica.machine().epoch() == map_epoch{6});
  CHECK(replica.now_answer(write(1, 1, put_of("k", "v", always{}, {2}))).code
        == error_code::wrong_partition);
}

TEST_CASE("the share comes with the batch that gathers") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({write(1, 1, put_of("a", "v"))});
  replica.hear(map_known{map_with(7, {1, 2})});
  CHECK(replica.proposed.size() == 1); // one of its own at a time
  replica.place();
  replica.commit();
  REQUIRE(replica.proposed.size() == 1);
  CHECK(std::holds_alternative<adopt_share>(replica.proposed.front().batch->command));
}

TEST_CASE("a key of another partition is refused, and the refusal not remembered (A5)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(map_known{cut_map(3)});
  replica.commit_all();
  const auto refused = replica.now_answer(write(1, 1, put_of("z", "v")));
  CHECK(refused.code == error_code::wrong_partition);
  CHECK(refused.known == outcome::not_applied);
  CHECK(replica.now_answer(write(1, 2, remove_of("m"))).code == error_code::wrong_partition);
  CHECK(replica.now_answer(write(1, 3, put_of("lzzz", "v"))).code == error_code::ok);
  CHECK(replica.now_read(get{{1}, "m"}).code == error_code::wrong_partition);
  CHECK(replica.now_read(get{{1}, "l"}).code == error_code::not_found);

  replica.hear(map_known{map_with(4, {1})});
  replica.commit_all();
  const auto retried = replica.now_answer(write(1, 1, put_of("z", "v")));
  CHECK(retried.code == error_code::ok);
  CHECK_FALSE(retried.repeated);
}

TEST_CASE("a scan that leaves the range is refused: what is absent here may be there (A5)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(map_known{cut_map(3)});
  replica.commit_all();
  CHECK(replica.now_read(scan{{1}, "", "m"}).code == error_code::ok);
  CHECK(replica.now_read(scan{{1}, "", "n"}).code == error_code::wrong_partition);
  CHECK(replica.now_read(scan{{1}, "", ""}).code == error_code::wrong_partition);
  CHECK(replica.now_read(scan{{2}, "", ""}).code == error_code::ok);
}

TEST_CASE("only the root keeps spaces and nodes") {
  replica_under_test replica;
  lead_with_space(replica);
  CHECK(replica.now_answer(write(1, 1, create_space{"a"})).code == error_code::wrong_partition);
  CHECK(replica.now_answer(write(1, 2, drain_node{{1}})).code == error_code::wrong_partition);
  CHECK(replica.machine().root_map() == nullptr);
}

TEST_CASE("the share survives a restart") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.now_answer(write(1, 1, put_of("k", "v")));
  replica.restart();
  CHECK(replica.machine().epoch() == map_epoch{2});
  replica.lead({2});
  CHECK(replica.proposed.empty());
  CHECK(replica.value_of("k") == "v");
}

TEST_CASE("a space that went is gone at once, its keys in parts (P3)") {
  replica_under_test replica;
  replica.lead({1});
  replica.hear(map_known{map_with(2, {1, 2})});
  replica.commit_all();
  replica.now_answer(write(1, 2, put_of("kept", "v", always{}, {2})));
  fill(replica, 2000);
  REQUIRE(rows_of(replica, {1}) == 2000);

  replica.hear(map_known{map_with(3, {2})});
  replica.place();
  replica.commit();
  CHECK(rows_of(replica, {1}) == 1000); // the entry that drops takes a part along
  CHECK(replica.now_read(get{{1}, "k1"}).code == error_code::wrong_partition);

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
}

TEST_CASE("a part is bounded in bytes as well (P3)") {
  replica_under_test replica;
  lead_with_space(replica);
  for (std::uint64_t n = 0; n < 12; ++n)
    replica.now_answer(write(1, 1 + n, put_of("k" + std::to_string(n),
                                              std::string(bounds::max_value, 'v'))));
  replica.hear(map_known{map_with(3, {})});
  replica.place();
  replica.commit();
  CHECK(rows_of(replica, {1}) == 4);
  replica.commit_all();
  CHECK(rows_of(replica, {1}) == 0);
}

TEST_CASE("an entry of its own that was refused is not proposed again at once") {
  replica_under_test replica;
  lead_with_space(replica);
  fill(replica, 1000);
  replica.ask({write(1, 5, put_of("k", "v"))});
  replica.hear(map_known{map_with(3, {})});
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
