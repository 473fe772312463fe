#include "actors/client/transaction.hpp"
#include "actors/partition/transaction_parts.hpp"

#include "actors/partition/state_machine.hpp"
#include "storage/memory_state_backend.hpp"
#include "storage/typed_value.hpp"
#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <functional>
#include <stdexcept>

using namespace present;
using namespace present::partition::test;

namespace {

/// A cluster of one partition and one space, with a clock that calls and pauses move.
/// `before` runs before each call, as what others do.
class played_cluster final : public transaction_door {
public:
  client::outcome_of_call ask(client::call_kind what, std::uint32_t) override {
    ++calls;
    now_ms += 1;
    if (const auto others = before) // which may put something else in its own place
      others(what);
    client::outcome_of_call how;
    if (failure.code != error_code::ok) {
      how.problem = failure;
      return how;
    }
    how.given = answer_to(what);
    how.problem = make_error(how.given.code, how.given.message);
    how.problem.known = how.given.known;
    return how;
  }
  void pause(std::uint32_t ms) override {
    now_ms += ms;
    ++pauses;
  }
  time_ms now() override { return now_ms; }
  std::uint64_t wall_ms() override { return first_wall_ms + now_ms; }
  std::uint64_t random() override { return 5; }

  void others_put(const std::string& key, const std::string& value) {
    p.apply(put_of(key, value));
  }
  std::string at(const std::string& key) const {
    const auto found = p.get(key);
    return found.value ? *found.value : "(absent)";
  }

  applied_partition p;
  time_ms now_ms = 0;
  int calls = 0;
  int pauses = 0;
  error failure;
  std::function<void(const client::call_kind&)> before;

private:
  answer answer_to(const client::call_kind& what) {
    if (const auto* one = std::get_if<client::get_call>(&what))
      return p.machine().read(get{things, one->key});
    if (const auto* page = std::get_if<client::scan_call>(&what))
      return p.machine().read(scan{things, page->first, page->last, page->limit});
    const auto& all = std::get<client::transact_call>(what);
    CHECK(all.spaces == std::vector<std::string>{"s"});
    const auto asked = in_spaces(all.what, {things});
    return asked.is_read_only() ? p.machine().read(asked) : p.apply(asked);
  }
};

using work = std::function<void(transaction&)>;

result<transacted> run(played_cluster& door, const work& what, transaction_options options = {}) {
  return run_transaction(door, [&](transaction& t) {
    what(t);
    return success();
  }, options);
}

/// Changes `key` before the first ending call, once.
void interfere(played_cluster& door, std::string key, std::string value) {
  door.before = [&door, key, value](const client::call_kind& what) {
    if (!std::holds_alternative<client::transact_call>(what))
      return;
    door.before = nullptr;
    door.others_put(key, value);
  };
}

} // namespace

TEST_CASE("a transaction reads what it wrote itself (T1)") {
  played_cluster door;
  door.others_put("a", "1");
  door.others_put("b", "2");
  const auto done = run(door, [](transaction& t) {
    t.put("s", "a", "3");
    CHECK(t.get("s", "a") == "3");
    t.remove("s", "b");
    CHECK_FALSE(t.get("s", "b"));
    t.add("s", "n", 4).add("s", "n", 1).at_most("s", "n", 3);
    CHECK(t.number("s", "n") == 3);
    t.append("s", "l", "x").append("s", "l", "y");
    CHECK(t.elements("s", "l") == std::vector<std::string>{"x", "y"});
    t.insert("s", "set", "e").take_out("s", "set", "e");
    CHECK(t.elements("s", "set").empty());
    const auto rows = t.scan("s", "", "");
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].key == "a");
    CHECK(rows[0].value == "3");
    CHECK(rows[1].key == "l");
    CHECK(rows[2].key == "n");
    CHECK(rows[3].key == "set");
  });
  REQUIRE(done);
  CHECK(done->tries == 1);
  CHECK(door.at("a") == "3");
  CHECK(door.at("b") == "(absent)");
  CHECK(door.p.get("n").version == done->version);
}

TEST_CASE("a key is read once, and is the same at each look (T2)") {
  played_cluster door;
  door.others_put("a", "1");
  int looks = 0;
  door.before = [&](const client::call_kind& what) {
    looks += std::holds_alternative<client::get_call>(what);
  };
  const auto done = run(door, [](transaction& t) {
    CHECK(t.get("s", "a") == t.get("s", "a"));
    t.put("s", "b", *t.get("s", "a"));
  });
  CHECK(done);
  CHECK(looks == 1);
}

TEST_CASE("what was read and has changed runs the function again (T3)") {
  played_cluster door;
  door.others_put("a", "1");
  interfere(door, "a", "2");
  int runs = 0;
  const auto done = run(door, [&](transaction& t) {
    ++runs;
    t.put("s", "copy", *t.get("s", "a"));
  });
  REQUIRE(done);
  CHECK(runs == 2);
  CHECK(done->tries == 2);
  CHECK(door.pauses == 1);
  CHECK(door.at("copy") == "2");
}

TEST_CASE("a phantom runs the function again") {
  played_cluster door;
  door.others_put("a", "1");
  interfere(door, "b", "1");
  const auto done = run(door, [](transaction& t) {
    t.put("s", "z-count", std::to_string(t.scan("s", "", "z").size()));
  });
  REQUIRE(done);
  CHECK(door.at("z-count") == "2");
}

TEST_CASE("atomic steps conflict with nothing") {
  played_cluster door;
  interfere(door, "other", "1");
  const auto done = run(door, [](transaction& t) { t.add("s", "n", 1); });
  REQUIRE(done);
  CHECK(done->tries == 1);
}

TEST_CASE("retries end, and the conflict is what the caller hears") {
  played_cluster door;
  int changes = 0;
  door.before = [&](const client::call_kind& what) {
    if (std::holds_alternative<client::transact_call>(what))
      door.others_put("a", std::to_string(++changes));
  };
  const auto done = run(door, [](transaction& t) {
    (void)t.get("s", "a");
    t.put("s", "b", "x");
  });
  REQUIRE_FALSE(done);
  CHECK(done.problem().code == error_code::transaction_conflict);
  CHECK(done.problem().known == outcome::not_applied);
  CHECK(changes == 4);
  CHECK(door.at("b") == "(absent)");
}

TEST_CASE("an outcome that isn't known doesn't run the function again (P6)") {
  played_cluster door;
  int runs = 0;
  const auto done = run(door, [&](transaction& t) {
    ++runs;
    t.put("s", "a", "1");
    door.failure = make_error(error_code::unknown_outcome, "the node is gone");
  });
  REQUIRE_FALSE(done);
  CHECK(runs == 1);
  CHECK(done.problem().known == outcome::unknown);
}

TEST_CASE("an exception on a state that never was is a retry, not the caller's (P12)") {
  played_cluster door;
  door.others_put("left", "1");
  door.others_put("right", "1");
  bool torn = false;
  door.before = [&](const client::call_kind& what) {
    const auto* read = std::get_if<client::get_call>(&what);
    if (!read || read->key != "right" || torn)
      return;
    torn = true; // between the two reads both change together
    door.p.apply(doing({put_in("left", "2"), put_in("right", "2")}));
  };
  const auto done = run(door, [](transaction& t) {
    const auto left = t.get("s", "left");
    if (left != t.get("s", "right"))
      throw std::logic_error("left and right are never apart");
    t.put("s", "sum", "equal");
  });
  CHECK(torn);
  REQUIRE(done);
  CHECK(done->tries == 2);
  CHECK(door.at("sum") == "equal");
}

TEST_CASE("an exception on what really is passes, and an error as well; nothing is written") {
  played_cluster door;
  door.others_put("a", "1");
  CHECK_THROWS_AS((void)run(door, [](transaction& t) {
                    t.put("s", "b", *t.get("s", "a"));
                    throw std::runtime_error("enough");
                  }),
                  std::runtime_error);
  const auto ended = run_transaction(door, [](transaction& t) -> status {
    t.put("s", "b", *t.get("s", "a"));
    return make_error(error_code::obligation_violated, "not so");
  }, {});
  REQUIRE_FALSE(ended);
  CHECK(ended.problem().message == "not so");
  CHECK(door.at("b") == "(absent)");
}

TEST_CASE("a read that fails ends the transaction with its error") {
  played_cluster door;
  door.failure = make_error(error_code::no_quorum, "nobody leads");
  int reads = 0;
  const auto done = run(door, [&](transaction& t) {
    CHECK_FALSE(t.get("s", "a"));
    CHECK_FALSE(t.get("s", "b"));
    reads = door.calls;
    t.put("s", "c", "x");
  });
  REQUIRE_FALSE(done);
  CHECK(done.problem().code == error_code::no_quorum);
  CHECK(reads == 1);
}

TEST_CASE("a value of another type ends the transaction with a clear text") {
  played_cluster door;
  door.others_put("a", "text");
  const auto done = run(door, [](transaction& t) { (void)t.number("s", "a"); });
  REQUIRE_FALSE(done);
  CHECK(done.problem().code == error_code::invalid);
  CHECK(done.problem().message == "'a': the key has bytes, not an integer");
}

TEST_CASE("what only reads is validated once all has been read, one read needs nothing (P12)") {
  played_cluster door;
  door.others_put("a", "1");
  door.others_put("b", "1");
  CHECK(run(door, [](transaction& t) { (void)t.get("s", "a"); }));
  CHECK(door.calls == 1);
  bool torn = false;
  door.before = [&](const client::call_kind& what) {
    const auto* read = std::get_if<client::get_call>(&what);
    if (read && read->key == "b" && !std::exchange(torn, true))
      door.p.apply(doing({put_in("a", "2"), put_in("b", "2")}));
  };
  std::string seen;
  const auto done = run(door, [&](transaction& t) {
    seen = *t.get("s", "a");
    seen += *t.get("s", "b");
  });
  REQUIRE(done);
  CHECK(seen == "22");
  CHECK(done->tries == 2);
  CHECK(done->version == hlc_stamp{});
}

TEST_CASE("a scan goes on page by page up to its limit, and says nothing of what comes after") {
  played_cluster door;
  for (int n = 0; n < 2500; ++n)
    door.others_put("k" + std::to_string(10'000 + n), "x");
  interfere(door, "k19999", "x"); // behind all
  const auto done = run(door, [](transaction& t) {
    CHECK(t.scan("s", "", "", 1500).size() == 1500);
    t.put("s", "a", "1");
  });
  REQUIRE(done);
  CHECK(done->tries == 1);
  CHECK(run(door, [](transaction& t) { CHECK(t.scan("s", "k", "").size() == 2501); }));
}

TEST_CASE("transfers that interleave at every call keep their sum") {
  CHECK(rc::check([] {
    played_cluster door;
    const auto accounts = std::vector<std::string>{"a", "b", "c"};
    for (const auto& each : accounts)
      door.p.apply(doing({add_in(each, 100)}));
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    std::uint32_t turn = seed;
    bool nested = false;
    const auto transfer = [&](transaction& t) {
      const auto from = accounts[turn % 3];
      const auto to = accounts[(turn / 3) % 3];
      const auto balance = t.number("s", from).value_or(0);
      const auto other = t.number("s", to).value_or(0);
      if (from == to || balance < 10)
        return;
      t.remove("s", from).add("s", from, balance - 10);
      t.remove("s", to).add("s", to, other + 10);
    };
    door.before = [&](const client::call_kind&) {
      turn = turn * 1'664'525 + 1'013'904'223;
      if (nested || turn % 4 != 0)
        return;
      nested = true;
      (void)run(door, transfer);
      nested = false;
    };
    for (int n = 0; n < 5; ++n)
      (void)run(door, transfer);
    door.before = nullptr;
    std::int64_t sum = 0;
    const auto done = run(door, [&](transaction& t) {
      sum = 0;
      for (const auto& each : accounts)
        sum += t.number("s", each).value_or(0);
    });
    RC_ASSERT(bool(done));
    RC_ASSERT(sum == 300);
  }));
}
