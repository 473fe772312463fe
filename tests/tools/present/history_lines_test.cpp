#include "tests/tools/histories/generated_history.hpp"
#include "tools/present/history_lines.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;
using namespace present::histories;

namespace {

std::string complaint_about(const std::string& text) {
  const auto read = decode_history(text, "h.jsonl");
  REQUIRE_FALSE(read);
  CHECK(read.problem().code == error_code::invalid);
  return read.problem().message;
}

} // namespace

TEST_CASE("a register's history has the members that other checkers read") {
  CHECK(encode_history({{3, "k", get{"y"}, 1, 10}})
        == R"({"client":3,"op":"get","out":"y","found":true,"key":"k","ok":true,"call":1,"return":10})"
           "\n");
  CHECK(encode_history({{3, "k", get{}, 1, 10}})
        == R"({"client":3,"op":"get","out":"","found":false,"key":"k","ok":true,"call":1,"return":10})"
           "\n");
  CHECK(encode_history({{0, "k", put{"v"}, 1, {}}})
        == R"({"client":0,"op":"put","value":"v","key":"k","ok":false,"call":1,"return":0})"
           "\n");
  CHECK(encode_history({{0, "k", cas{"x", "v", false}, 1, 2}})
        == R"({"client":0,"op":"cas","value":"v","expect":"x","key":"k","ok":false,"call":1,"return":2})"
           "\n");
}

TEST_CASE("a history that was written reads back the same") {
  dice chance{1};
  for (const auto kind : {key_kind::single_value, key_kind::counter, key_kind::set}) {
    auto history = generate_history({kind, 400, 5, 3, 10, 50, 0}, chance);
    for (auto& one : history) {
      ++one.called; // 0 is "unknown" in a file
      if (one.returned)
        ++*one.returned;
    }
    const auto read = decode_history(encode_history(history), "h.jsonl");
    REQUIRE(read);
    CHECK(*read == history);
  }
}

TEST_CASE("a line that isn't an operation is named, and what is wrong with it") {
  const std::string good
    = R"({"client":0,"op":"put","key":"k","value":"v","ok":true,"call":1,"return":10})";
  CHECK(decode_history(good + "\n\n" + good, "h.jsonl")->size() == 2);
  CHECK(complaint_about(good + "\n[1]") == "h.jsonl:2: not a JSON object");
  CHECK(complaint_about(R"({"client":0,"key":"k","call":1,"return":10})")
        == "h.jsonl:1: 'op' is missing");
  CHECK(complaint_about(R"({"client":0,"op":"pop","key":"k","call":1,"return":10})")
        == "h.jsonl:1: 'op': there is no 'pop'");
  CHECK(complaint_about(R"({"client":-1,"op":"put","key":"k","value":"v","call":1,"return":10})")
        == "h.jsonl:1: 'client' is of the wrong type");
  CHECK(complaint_about(R"({"client":0,"op":"members","key":"k","members":[1],"call":1,"return":2})")
        == "h.jsonl:1: 'members' has something else than a string in it");
  CHECK(complaint_about("{").substr(0, 11) == "h.jsonl:1: ");
}

TEST_CASE("a read without an answer needs none in the file") {
  const auto read
    = decode_history(R"({"client":0,"op":"get","key":"k","call":1,"return":0})", "h.jsonl");
  REQUIRE(read);
  CHECK(read->front() == operation{0, "k", get{}, 1, {}});
}
