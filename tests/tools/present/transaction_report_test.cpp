#include "tests/tools/histories/transaction_words.hpp"
#include "tools/present/transaction_report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::tools;
using namespace present::histories;

TEST_CASE("a good history of transactions is reported by what was judged") {
  const std::vector history{did("x+1", 0, 1), vanished("y+1", 0),
                            gave_up("z+1", 0, 1), did("x=1 y=1", 2, 3)};
  const auto verdict = to_json(*judge_transactions(history), history);
  CHECK(verdict["is"] == "strictly-serializable");
  CHECK(verdict["unknown_seen"] == 1);
  CHECK_FALSE(verdict.contains("anomalies"));
  const auto text = transactions_in_text(verdict);
  CHECK(text.find("strictly-serializable: 4 transactions on 3 keys")
        != text.npos);
  CHECK(text.find("2 committed, 1 aborted, 1 of unknown outcome (1 seen)")
        != text.npos);
}

TEST_CASE("an anomaly is reported with its transactions and why they can't be "
          "right") {
  const std::vector history{did("x+1 y+1", 0, 9), did("x=1 y=", 0, 9)};
  const auto verdict = to_json(*judge_transactions(history), history);
  CHECK(verdict["is"] == "violated");
  CHECK(verdict["counts"] == json{{"G-single", 1}});
  REQUIRE(verdict["anomalies"].size() == 1);
  CHECK(verdict["anomalies"][0]["transactions"][0]["does"]
        == "process 0 reads x [1], reads y []; called 0, returned 9");
  CHECK(verdict["anomalies"][0]["because"].size() == 2);
  const auto text = transactions_in_text(verdict);
  CHECK(text.find("anomalies     G-single 1\n") != text.npos);
  CHECK(text.find(
            "\nG-single:\n  transaction 1: process 0 reads x [1], reads y []")
        != text.npos);
  CHECK(text.find(
            "  - transaction 1 read y [], to which transaction 0 appended 1")
        != text.npos);
}
