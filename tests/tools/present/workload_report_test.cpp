#include "tools/present/workload_report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::tools;
using namespace present::histories;

namespace {

constexpr std::uint64_t ms = 1'000'000;

} // namespace

TEST_CASE("the longest stall is the longest time without a success, up to the end") {
  CHECK(longest_stall_ns({}, 100) == 0);
  std::vector<operation> history{{0, "k", put{"a"}, 0, 10 * ms},
                                 {0, "k", put{"b"}, 20 * ms, 15 * ms},
                                 {0, "k", put{"c"}, 25 * ms, {}},
                                 {0, "k", put{"d"}, 25 * ms, 40 * ms}};
  CHECK(longest_stall_ns(history, 41 * ms) == 25 * ms);
  CHECK(longest_stall_ns(history, 100 * ms) == 60 * ms);
  // What was read when all was over doesn't count.
  history.push_back({0, "k", get{"d"}, 900 * ms, 950 * ms});
  CHECK(longest_stall_ns(history, 100 * ms) == 60 * ms);
}

TEST_CASE("the report counts what succeeded, what is unknown and what had no effect") {
  workload_figures figures;
  figures.kind = "register";
  figures.clients = 2;
  figures.elapsed_ns = 2000 * ms;
  figures.seed = 5;
  figures.failed = {{"overloaded", 3}};
  figures.faults = {{"kill", {4, 3}}};
  const std::vector<operation> history{{0, "k", put{"a"}, 0, 10 * ms},
                                       {0, "k", put{"b"}, 20 * ms, {}}};
  const auto judged = judge(history);
  REQUIRE(judged);
  const auto report = to_json(figures, history, 30 * ms, *judged);
  CHECK(report["operations"] == 5);
  CHECK(report["ok"] == 1);
  CHECK(report["unknown"] == 1);
  CHECK(report["failed"] == json{{"overloaded", 3}});
  CHECK(report["faults"]["kill"] == json{{"injected", 4}, {"effective", 3}});
  CHECK(report["longest_stall_ms"] == 20.0);
  CHECK(report["verdict"]["is"] == "linearizable");
  const auto text = to_text(report);
  CHECK(text.find("register, 2 clients, 2.0 s, seed 5") != text.npos);
  CHECK(text.find("kill 4 (3 had an effect)") != text.npos);
  CHECK(text.find("linearizable: 2 operations on 1 keys") != text.npos);
}

TEST_CASE("a violation is shown with the key and the operations that contradict each other") {
  const auto judged
    = judge({{0, "k", put{"a"}, 0, 1}, {0, "k", put{"b"}, 2, 3}, {1, "k", get{"a"}, 4, 5}});
  REQUIRE(judged);
  json report;
  report["verdict"] = to_json(*judged);
  CHECK(report["verdict"]["is"] == "violated");
  CHECK(report["verdict"]["key"] == "k");
  CHECK(report["verdict"]["contradiction"].size() == 3);
  CHECK(to_text(report).find("client 1 gets 'a', called 4, returned 5") != std::string::npos);
}
