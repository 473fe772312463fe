#include "tools/present/record_import.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

using namespace present;
using namespace present::tools;

namespace {

/// A cluster of one map, that refuses what it is told to.
struct far_side {
  record_import::doors doors() {
    return {[this](batch all) { return write(std::move(all)); },
            [this](std::uint32_t wait_ms) { pauses.push_back(wait_ms); },
            [](std::size_t) {}};
  }

  std::vector<result<batch_answer>> write(batch all) {
    std::vector<result<batch_answer>> answers;
    ++rounds;
    for (auto& call : std::move(all).take()) {
      auto& put = std::get<client::put_call>(call);
      if (const auto refusal = refusals.find(put.key);
          refusal != refusals.end() && refusal->second.times > 0) {
        --refusal->second.times;
        answers.emplace_back(refusal->second.why);
        continue;
      }
      rows[put.key] = *put.value;
      answers.emplace_back(batch_answer{});
    }
    return answers;
  }

  struct refusal {
    error why;
    int times = 1;
  };
  std::map<std::string, refusal> refusals;
  std::map<std::string, std::string> rows;
  std::vector<std::uint32_t> pauses;
  int rounds = 0;
};

std::string line(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":")" + value + "\"}\n";
}

result<std::size_t> import_text(far_side& to, const std::string& text) {
  std::istringstream from{text};
  return record_import{"space", "file", to.doors(), 1}.run(from);
}

} // namespace

TEST_CASE("records go in many at a time") {
  far_side to;
  std::string text;
  for (std::size_t i = 0; i < 2 * record_import::batch_records; ++i)
    text += line("k" + std::to_string(i), "v");
  const auto done = import_text(to, text);
  REQUIRE(done);
  CHECK(*done == 2 * record_import::batch_records);
  CHECK(to.rows.size() == *done);
  CHECK(to.rounds == 2);
  CHECK(to.pauses.empty());
}

TEST_CASE("what is refused for now is tried again, and that alone") {
  far_side to;
  auto busy = make_error(error_code::overloaded, "the queue is full");
  busy.retry_after_ms = 500;
  to.refusals["b"] = {busy, 3};
  const auto done = import_text(to, line("a", "1") + line("b", "2") + line("c", "3"));
  REQUIRE(done);
  CHECK(*done == 3);
  CHECK(to.rows["b"] == "2");
  CHECK(to.rounds == 4);
  REQUIRE(to.pauses.size() == 3);
  for (const auto pause : to.pauses)
    CHECK(pause > 500); // never before the hint
}

TEST_CASE("a cluster that takes nothing for a minute ends it, with the line's place") {
  far_side to;
  to.refusals["b"] = {make_error(error_code::no_quorum, "no majority"), 1'000'000};
  const auto done = import_text(to, line("a", "1") + "\n" + line("b", "2"));
  REQUIRE_FALSE(done);
  CHECK(done.problem().code == error_code::no_quorum);
  CHECK(done.problem().message == "file:3: no majority; 1 records are in");
  std::uint64_t waited = 0;
  for (const auto pause : to.pauses)
    waited += pause;
  CHECK(waited >= record_import::patience_ms);
}

TEST_CASE("what is wrong, or of unknown outcome, isn't tried again") {
  far_side to;
  SUBCASE("wrong") {
    to.refusals["b"] = {make_error(error_code::too_large, "the value is too large"), 1};
  }
  SUBCASE("unknown") {
    auto unknown = make_error(error_code::unknown_outcome, "nobody knows");
    unknown.known = outcome::unknown;
    to.refusals["b"] = {unknown, 1};
  }
  const auto done = import_text(to, line("a", "1") + line("b", "2") + line("c", "3"));
  REQUIRE_FALSE(done);
  CHECK(done.problem().message.starts_with("file:2: "));
  CHECK(to.rounds == 1);
  CHECK(to.pauses.empty());
}

TEST_CASE("what stands before a line that is no record is in") {
  far_side to;
  const auto done = import_text(to, line("a", "1") + "nonsense\n" + line("c", "3"));
  REQUIRE_FALSE(done);
  CHECK(done.problem().message.starts_with("file:2: "));
  CHECK(done.problem().message.ends_with("1 records before it are in"));
  CHECK(to.rows == std::map<std::string, std::string>{{"a", "1"}});
}

TEST_CASE("lines of one key are written in their order") {
  far_side to;
  to.refusals["a"] = {make_error(error_code::overloaded, "full"), 1};
  const auto done = import_text(to, line("a", "old") + line("b", "1") + line("a", "new"));
  REQUIRE(done);
  CHECK(*done == 3);
  CHECK(to.rows["a"] == "new");
}
