#include "tests/actors/partition/replica_under_test.hpp"
#include "tests/actors/partition/transactions.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;
using conflict::conflict_kind;
using conflict::note;
using conflict::outcome_kind;

namespace {

operation after(std::uint64_t number, hlc_stamp cause) {
  put asked = put_of("effect", "v");
  asked.knows.after = cause;
  return write(1, number, asked);
}

/// Ahead of what the partition has, and within what clocks may differ.
hlc_stamp soon(const replica_under_test& replica, std::uint64_t ms = 100) {
  return hlc_stamp::of(replica.wall_ms + ms, 0);
}

/// Answers as it is told, and remembers what it was asked.
class told_advisor final : public conflict::write_advisor {
public:
  conflict::advice advise(const conflict::advised_write& what) const override {
    asked.emplace_back(what.current.value_or("-"));
    written.emplace_back(what.written.value_or("-"));
    return answer;
  }
  conflict::advice answer;
  mutable std::vector<std::string> asked;
  mutable std::vector<std::string> written;
};

cluster_map_ptr map_of(std::uint64_t epoch, const storage::space_settings& settings) {
  auto map = std::make_shared<cluster_map>(*map_with(epoch, {1}));
  map->settings[{1}] = settings;
  return map;
}

} // namespace

TEST_CASE("a write waits for what it comes after, and says that it has (C5, I17)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto cause = soon(replica);
  const auto tag = replica.ask({after(1, cause)});
  CHECK(replica.is_open(tag));
  // Nobody writes: the leader closes what is before the cause, and only then logs the write.
  REQUIRE(replica.proposed.size() == 1);
  CHECK(replica.proposed.front().batch->operations.empty());
  CHECK(replica.proposed.front().batch->first_stamp >= cause);
  replica.commit_all();
  const auto& given = replica.answer_to(tag);
  CHECK(given.code == error_code::ok);
  CHECK(given.version > cause);
  CHECK(given.conflict == note{conflict_kind::temporal, outcome_kind::wait_for});
}

TEST_CASE("somebody's write closes what is before a cause as well (C5, I17)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({write(2, 1, put_of("other", "v"))});
  const auto tag = replica.ask({after(1, soon(replica))});
  const auto later = replica.ask({write(2, 2, put_of("cause", "v"))});
  replica.commit_all();
  CHECK(replica.answer_to(later).version < replica.answer_to(tag).version);
}

TEST_CASE("a write whose cause doesn't come in time isn't applied, and says so (I4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({after(1, soon(replica))}, 500);
  CHECK(replica.machine().next_wake() == replica.now + 500);
  replica.pass(500);
  const auto& failure = replica.response_to(tag).failure;
  CHECK(failure.code == error_code::deadline);
  CHECK(failure.known == outcome::not_applied);
  CHECK(failure.message.find("hasn't seen") != std::string::npos);
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("who loses the lead refuses what it held back") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({after(1, soon(replica))});
  replica.follow({2});
  CHECK(replica.response_to(tag).failure.code == error_code::not_leader);
}

TEST_CASE("a cause or an author further ahead than clocks differ is refused (P21)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto far = replica.ask({after(1, soon(replica, 1'000))});
  CHECK(replica.response_to(far).failure.code == error_code::clock_skew);
  put imported = put_of("k", "v");
  imported.knows.at = storage::authorship{soon(replica, 1'000), 3};
  const auto tag = replica.ask({write(1, 2, imported)});
  CHECK(replica.response_to(tag).failure.code == error_code::clock_skew);
}

TEST_CASE("what the program has registered is asked once, and logged as its answer (I18)") {
  const auto advisor = std::make_shared<told_advisor>();
  advisor->answer.found.policy = conflict::policy_finding::denied;
  advisor->answer.found.policy_problem = "no";
  settings options;
  options.advisor = advisor;
  replica_under_test replica{options};
  storage::space_settings space;
  space.policy = "always-no";
  replica.lead({1});
  replica.hear(map_known{map_of(2, space)});
  replica.commit_all();
  const auto given = replica.now_answer(write(1, 1, put_of("k", "v")));
  CHECK(given.code == error_code::denied);
  CHECK(advisor->asked == std::vector<std::string>{"-"});
  // Nobody is asked about a space without rules.
  replica.hear(map_known{map_with(3, {1})});
  replica.commit_all();
  CHECK(replica.now_answer(write(1, 2, put_of("k", "v"))).code == error_code::ok);
  CHECK(advisor->asked.size() == 1);
}

TEST_CASE("of a transaction it is asked about what its steps come to, and logs what it heard (I18)") {
  const auto advisor = std::make_shared<told_advisor>();
  settings options;
  options.advisor = advisor;
  replica_under_test replica{options};
  storage::space_settings space;
  space.policy = "rule";
  replica.lead({1});
  replica.hear(map_known{map_of(2, space)});
  replica.commit_all();
  const auto ask = [&](std::uint64_t number, std::vector<step> steps) {
    return replica.now_answer(write(1, number, doing(std::move(steps))));
  };
  CHECK(ask(1, {put_in("a", "1"), put_in("a", "2"), put_in("b", "1")}).code == error_code::ok);
  CHECK(advisor->asked == std::vector<std::string>{"-", "-"});
  CHECK(advisor->written == std::vector<std::string>{"2", "1"});
  CHECK(ask(2, {append_in("list", "x"), get_in("a"), remove_in("a"), remove_in("none")}).code
        == error_code::ok);
  CHECK(advisor->asked.size() == 4); // what changes nothing isn't a write
  CHECK(advisor->written[2] == "-");
  advisor->answer.found.policy = conflict::policy_finding::denied;
  advisor->answer.found.policy_problem = "no";
  const auto given = ask(4, {put_in("b", "2"), put_in("c", "2")});
  CHECK(given.code == error_code::denied);
  CHECK(given.message == "'b': refused by policy: no");
  CHECK(replica.value_of("b") == "1");
  CHECK(advisor->asked.size() == 5); // the first that isn't allowed ends it
  // A part of one over several partitions likewise.
  const transaction_terms terms{{{7}, {1}}, {things, "b"}, at_ms(0), at_ms(10'000)};
  CHECK(replica.now_answer(write(9, 0, prepare{terms, doing({put_in("b", "2")})})).message
        == "'b': refused by policy: no");
  // What a client says that it heard is thrown away.
  auto forged = doing({put_in("b", "2")});
  forged.found = std::make_shared<const transaction_findings>(
    transaction_findings{{{{0, hlc_stamp{}}}, {}}, {}});
  CHECK(replica.now_answer(write(1, 5, forged)).code == error_code::denied);
}

TEST_CASE("one that was admitted while its leader took over is judged by the rules that it finds then (I18)") {
  const auto advisor = std::make_shared<told_advisor>();
  settings options;
  options.advisor = advisor;
  replica_under_test replica{options};
  lead_with_space(replica);
  storage::space_settings space;
  space.policy = "rule";
  replica.hear(map_known{map_of(3, space)});
  REQUIRE(replica.proposed.size() == 1);
  const auto rules = replica.proposed.front().batch;
  replica.follow({2});
  replica.proposed.clear();
  // Elected, and its log has the entry with the rules, not applied yet.
  replica.hear(role_known{true, {3}, {1}});
  const auto tag = replica.ask({write(1, 1, doing({put_in("a", "1")}))});
  CHECK(advisor->asked.empty());
  replica.commit_entry(rules, {2});
  replica.commit_entry(nullptr, {3});
  replica.leading = {3};
  replica.commit_all();
  CHECK(advisor->asked == std::vector<std::string>{"-"});
  CHECK(replica.answer_to(tag).code == error_code::ok);
}

TEST_CASE("what a space wants and the program lacks refuses the write in plain words (I18)") {
  replica_under_test replica;
  storage::space_settings space;
  replica.lead({1});
  SUBCASE("a policy") {
    space.policy = "four-eyes";
    replica.hear(map_known{map_of(2, space)});
    replica.commit_all();
    const auto given = replica.now_answer(write(1, 1, put_of("k", "v")));
    CHECK(given.code == error_code::denied);
    CHECK(given.message.find("'four-eyes' isn't registered") != std::string::npos);
  }
  SUBCASE("a merge function") {
    space.conflicts = {storage::conflict_strategy::merge, "custom:longest", {}};
    replica.hear(map_known{map_of(2, space)});
    replica.commit_all();
    CHECK(replica.now_answer(write(1, 1, put_of("k", "v"))).code == error_code::ok);
    put blind = put_of("k", "w");
    blind.knows.base = hlc_stamp{};
    const auto given = replica.now_answer(write(1, 2, blind));
    CHECK(given.code == error_code::invalid);
    CHECK(given.message.find("'custom:longest' isn't registered") != std::string::npos);
  }
}

TEST_CASE("a client's findings are thrown away (I18)") {
  replica_under_test replica;
  lead_with_space(replica);
  put forged = put_of("k", "v");
  write_findings found;
  found.found.policy = conflict::policy_finding::somebody_decides;
  forged.knows.found = std::make_shared<const write_findings>(found);
  CHECK(replica.now_answer(write(1, 1, forged)).code == error_code::ok);
}

// -- what users supply is bounded --------------------------------------------------------

namespace {

/// Leads a space whose rules ask `advisor`.
struct advised_replica {
  std::shared_ptr<told_advisor> advisor = std::make_shared<told_advisor>();
  std::unique_ptr<replica_under_test> replica;

  explicit advised_replica(const storage::space_settings& space) {
    settings options;
    options.advisor = advisor;
    replica = std::make_unique<replica_under_test>(options);
    replica->lead({1});
    replica->hear(map_known{map_of(2, space)});
    replica->commit_all();
  }
};

operation blind(std::uint64_t number, std::string key) {
  put asked = put_of(std::move(key), "written");
  asked.knows.base = hlc_stamp{1};
  return write(2, number, asked);
}

} // namespace

TEST_CASE("what a rule makes may be as large as a value, and no larger (I18)") {
  storage::space_settings space;
  space.conflicts = {storage::conflict_strategy::merge, "custom:all", {}};
  advised_replica with{space};
  auto& answer = with.advisor->answer;
  CHECK(with.replica->now_answer(write(1, 1, put_of("k", "v"))).code == error_code::ok);
  SUBCASE("merged") {
    answer.merged = std::string(bounds::max_value + 1, 'm');
    const auto given = with.replica->now_answer(blind(1, "k"));
    CHECK(given.code == error_code::invalid);
    CHECK(given.message == "the merge function made 1048577 bytes; the limit is 1048576");
  }
  SUBCASE("migrated") {
    answer.migrated = std::string(bounds::max_value + 1, 'm');
    const auto given = with.replica->now_answer(write(1, 2, put_of("k", "w")));
    CHECK(given.code == error_code::schema_incompatible);
    CHECK(given.message.ends_with("the migration made 1048577 bytes; the limit is 1048576"));
  }
  SUBCASE("said") {
    answer.found.policy = conflict::policy_finding::denied;
    answer.found.policy_problem = std::string(10'000, 'x');
    const auto given = with.replica->now_answer(write(1, 2, put_of("k", "w")));
    CHECK(given.code == error_code::denied);
    CHECK(given.message.size() < 1'000);
  }
  SUBCASE("said, and cut between two characters") {
    std::string sentence;
    for (int times = 0; times < 1'000; ++times)
      sentence += "\xe2\x82\xac"; // a euro sign
    answer.found.policy = conflict::policy_finding::denied;
    answer.found.policy_problem = sentence;
    const auto given = with.replica->now_answer(write(1, 2, put_of("k", "w")));
    CHECK(given.message.ends_with("\xe2\x82\xac"));
  }
  CHECK(with.replica->value_of("k") == "v");
}

TEST_CASE("what rules make of one request is bounded: beyond it writes are refused for now (W4)") {
  storage::space_settings space;
  space.conflicts = {storage::conflict_strategy::merge, "custom:all", {}};
  advised_replica with{space};
  std::vector<operation> fresh, stale;
  const std::size_t most = bounds::max_gathered / bounds::max_value;
  for (std::size_t n = 1; n <= most + 4; ++n) {
    fresh.push_back(write(1, n, put_of("k" + std::to_string(n), "v")));
    stale.push_back(blind(n, "k" + std::to_string(n)));
  }
  with.advisor->answer.merged = std::string(bounds::max_value, 'm');
  // Who can't conflict has nothing merged for it.
  auto tag = with.replica->ask(fresh);
  with.replica->commit_all();
  CHECK(with.replica->response_to(tag).answers.size() == fresh.size());
  CHECK(with.advisor->asked.size() == fresh.size());
  tag = with.replica->ask(stale);
  with.replica->commit_all();
  std::map<error_code, std::size_t> met;
  for (const auto& given : with.replica->response_to(tag).answers)
    ++met[given.code];
  CHECK(met[error_code::ok] == most);
  CHECK(met[error_code::overloaded] == 4);
  CHECK(with.advisor->asked.size() == fresh.size() + most);
}
