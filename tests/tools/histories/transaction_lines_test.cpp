#include "tests/tools/histories/generated_transactions.hpp"
#include "tests/tools/histories/transaction_words.hpp"
#include "tools/histories/edn.hpp"
#include "tools/histories/transaction_lines.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::histories;

namespace {

std::string complaint_about(const std::string& text) {
  const auto read = decode_transactions(text, "h.edn");
  REQUIRE_FALSE(read);
  CHECK(read.problem().code == error_code::invalid);
  return read.problem().message;
}

std::string event(const std::string& process, const std::string& type,
                  const std::string& value, int index) {
  return "{:process " + process + ", :type " + type + ", :f :txn, :value "
       + value + ", :index " + std::to_string(index) + ", :time 0}\n";
}

/// With the numbers of its events in place of its times.
std::vector<transaction> by_index(const std::vector<transaction>& history) {
  return *decode_transactions(encode_transactions(history), "h.edn");
}

} // namespace

TEST_CASE("a history of transactions has the events that Elle reads") {
  CHECK(encode_transactions({did("x+1 y=2,3", 3, 9, ending::committed, 4),
                             did("x+2 y=", 5, 8, ending::aborted, 5),
                             did("z=", 6, 0, ending::unknown, 6)})
        == "{:process 4, :type :invoke, :f :txn, :value [[:append :x 1] [:r :y "
           "nil]], :index 0, :time 3}\n"
           "{:process 5, :type :invoke, :f :txn, :value [[:append :x 2] [:r :y "
           "nil]], :index 1, :time 5}\n"
           "{:process 6, :type :invoke, :f :txn, :value [[:r :z nil]], :index "
           "2, :time 6}\n"
           "{:process 5, :type :fail, :f :txn, :value [[:append :x 2] [:r :y "
           "nil]], :index 3, :time 8}\n"
           "{:process 4, :type :ok, :f :txn, :value [[:append :x 1] [:r :y [2 "
           "3]]], :index 4, :time 9}\n"
           "{:process 6, :type :info, :f :txn, :value [[:r :z nil]], :index 5, "
           ":time 9}\n");
}

TEST_CASE("a history of transactions that was written reads back the same") {
  dice chance{3};
  const auto history
      = generate_transactions({400, 6, 4, 30, 4, 10, 10}, chance);
  const auto read = by_index(history);
  REQUIRE(read.size() == history.size());
  // What overlapped still does, what was over before another began still is; of
  // those that began at the same time either may come first.
  using order = std::vector<std::pair<std::uint32_t, std::vector<list_action>>>;
  const auto sorted = [](const std::vector<transaction>& some) {
    order all;
    for (const auto& one : some)
      all.emplace_back(one.process, one.actions);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.first < b.first;
    });
    return all;
  };
  CHECK(sorted(read) == sorted(history));
  CHECK(judge_transactions(read)->is_strictly_serializable());
  CHECK(by_index(read) == read);
}

TEST_CASE("what overlaps by equal times still does in a file") {
  const auto read = by_index({did("x+1", 0, 5, ending::committed, 0),
                              did("x=", 5, 5, ending::committed, 1),
                              did("x=", 5, 5, ending::committed, 1)});
  CHECK(read[1].called < read[0].returned);
  CHECK(read[1].returned < read[2].called);
}

TEST_CASE("keys are keywords, integers or strings, and stay what they are") {
  for (const auto* key : {"x", "k-1_b.c", "17", "007", "", "a b", "a\"b\\c\n",
                          "-5", "ключ", "99999999999999999999"}) {
    CAPTURE(key);
    transaction one{0, {append_value{key, -3}}, ending::committed, 0, 1};
    CHECK(by_index({one}) == std::vector{one});
  }
}

TEST_CASE("events of faults are left out, comments and lists are read") {
  const auto read
      = decode_transactions("; what happened\n{:process :nemesis, :type :info, "
                            ":f :kill, :value nil, :index 0}\n"
                                + event("0", ":invoke", "([:append 1 7])", 1)
                                + event("0", ":ok", "[(:append 1 7)]", 2),
                            "h.edn");
  REQUIRE(read);
  CHECK(*read
        == std::vector{
            transaction{0, {append_value{"1", 7}}, ending::committed, 1, 2}});
}

TEST_CASE("a call without an answer is of unknown outcome") {
  const auto read
      = decode_transactions(event("0", ":invoke", "[[:r :x nil]]", 0), "h.edn");
  REQUIRE(read);
  CHECK(read->front().how == ending::unknown);
  CHECK(decode_transactions("", "h.edn")->empty());
}

TEST_CASE(
    "an event that isn't one is named by its line, and what is wrong with it") {
  const auto call = event("0", ":invoke", "[[:append :x 1]]", 0);
  CHECK(complaint_about(call + "[1]")
        == "h.edn:2: an event is a map, not a vector");
  CHECK(complaint_about("{:process 0}")
        == "h.edn:1: ':index' is missing, or no integer");
  CHECK(complaint_about("\n{:index 1}")
        == "h.edn:2: ':index' is 1 and should be 0");
  CHECK(complaint_about("{:index 0}") == "h.edn:1: ':process' is missing");
  CHECK(complaint_about("{:index 0, :process -1}")
        == "h.edn:1: ':process' is neither a count nor a keyword");
  CHECK(complaint_about("{:index 0 :process 0 :f :read}")
        == "h.edn:1: ':f' isn't :txn");
  CHECK(complaint_about("{:index 0 :process 0 :f :txn}")
        == "h.edn:1: ':type' is missing, or no keyword");
  CHECK(complaint_about("{:index 0 :process 0 :f :txn :type :invoke}")
        == "h.edn:1: ':value' is missing, or no vector");
  CHECK(complaint_about(event("0", ":ok", "[]", 0))
        == "h.edn:1: process 0 is answered and hasn't called");
  CHECK(complaint_about(call + event("0", ":invoke", "[]", 1))
        == "h.edn:2: process 0 calls before it is answered");
  CHECK(complaint_about(call + event("0", ":info", "[[:append :x 1]]", 1)
                        + event("0", ":invoke", "[]", 2))
        == "h.edn:3: process 0 calls after an outcome of its was unknown");
  CHECK(complaint_about(call + event("0", ":done", "[[:append :x 1]]", 1))
        == "h.edn:2: ':type': there is no :done");
  CHECK(complaint_about(call + event("0", ":ok", "[[:append :x 2]]", 1))
        == "h.edn:2: process 0 is answered something else than it called");
}

TEST_CASE("an action that isn't one is named") {
  const auto complaint = [](const std::string& value) {
    return complaint_about(event("0", ":invoke", value, 0));
  };
  CHECK(complaint("[[:append :x]]")
        == "h.edn:1: an action is [:append KEY VALUE] or [:r KEY LIST]");
  CHECK(complaint("[[:pop :x 1]]") == "h.edn:1: there is no action :pop");
  CHECK(complaint("[[:append :x nil]]")
        == "h.edn:1: what is appended is an integer, not nil");
  CHECK(complaint("[[:append [] 1]]")
        == "h.edn:1: a key is a keyword, a string or an integer, not a vector");
  CHECK(complaint("[[:r :x 1]]")
        == "h.edn:1: what is read is a vector or nil, not an integer");
  CHECK(complaint("[[:r :x [\"a\"]]]")
        == "h.edn:1: what is read has a string in it, not only integers");
}

TEST_CASE("text that is no EDN is refused, with the line") {
  CHECK(complaint_about("{:index 0\n\n")
        == "h.edn:3: the text ends within the '{' of line 1");
  CHECK(complaint_about("{:index}")
        == "h.edn:1: a map has a key without a value");
  CHECK(complaint_about("\n]") == "h.edn:2: ']' closes nothing that is open");
  CHECK(complaint_about("{:index 1x}")
        == "h.edn:1: '1x' is no keyword, string, integer, boolean or nil");
  CHECK(complaint_about("9223372036854775808")
        == "h.edn:1: '9223372036854775808' has more than 64 bits");
  CHECK(complaint_about("\"a\nb")
        == "h.edn:2: the text ends within the string of line 1");
  CHECK(complaint_about("\"\\q\"")
        == "h.edn:1: a string has an escape that isn't \\n, \\r, \\t, \\\\ or "
           "\\\"");
  CHECK(complaint_about(std::string(100'000, '['))
        == "h.edn:1: more than 16 values in each other");
}

TEST_CASE("values of EDN are what they look like") {
  edn_reader reader{"nil true -7, :a/b \"q\\\"\" {:k [1 2]}"};
  using form = edn_value::form;
  CHECK((*reader.next())->is == form::nil);
  CHECK((*reader.next())->number == 1);
  CHECK((*reader.next())->number == -7);
  CHECK((*reader.next())->text == "a/b");
  CHECK((*reader.next())->text == "q\"");
  const auto map = *reader.next();
  REQUIRE(map->member("k"));
  CHECK(map->member("k")->items.size() == 2);
  CHECK_FALSE(map->member("j"));
  CHECK_FALSE(*reader.next());
  CHECK_FALSE(*reader.next());
}
