#include "tools/present/output.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace present;
using namespace present::tools;

namespace {

struct captured {
  std::ostringstream data;
  std::ostringstream talk;
  output out;
  explicit captured(format shape, bool terminal = false)
      : out(shape, false, {data, talk, false, terminal}) {}
};

const std::vector<json> two{{{"key", "a"}, {"version", 7}},
                            {{"key", "länger"}, {"version", 12}}};

} // namespace

TEST_CASE("a list is a table, an array, or a line for each record") {
  captured table{format::table};
  table.out.list({"key", "version"}, two);
  CHECK(table.data.str()
        == "KEY     VERSION\n"
           "a             7\n"
           "länger       12\n");
  captured array{format::json};
  array.out.list({"key", "version"}, two);
  CHECK(json::parse(array.data.str()) == json(two));
  captured lines{format::jsonl};
  lines.out.list({"key", "version"}, two);
  CHECK(lines.data.str()
        == "{\"key\":\"a\",\"version\":7}\n{\"key\":\"länger\",\"version\":12}\n");
}

TEST_CASE("an empty list is no rows, and still an array for programs") {
  captured table{format::table};
  table.out.list({"key"}, {});
  CHECK(table.data.str().empty());
  captured array{format::json};
  array.out.list({"key"}, {});
  CHECK(array.data.str() == "[]\n");
}

TEST_CASE("an error is a sentence, or the body that every interface gives") {
  auto conflict = make_error(error_code::version_conflict, "key 'a' has moved on");
  conflict.current_version = 9;
  captured table{format::table};
  CHECK(table.out.fail(conflict) == 4);
  CHECK(table.data.str().empty());
  CHECK(table.talk.str() == "present: version_conflict: key 'a' has moved on\n");
  captured body{format::json};
  CHECK(body.out.fail(conflict) == 4);
  CHECK(body.data.str().empty());
  const auto parsed = json::parse(body.talk.str());
  CHECK(parsed["code"] == "version_conflict");
  CHECK(parsed["outcome"] == "not_applied");
  CHECK(parsed["retryable"] == false);
  CHECK(parsed["current_version"] == 9);
}

TEST_CASE("what is said over is gone off a terminal, and ended before anything else") {
  captured pipe{format::table};
  pipe.out.say_over("10 %");
  pipe.out.say("done");
  CHECK(pipe.talk.str() == "done\n");
  captured terminal{format::table, true};
  terminal.out.say_over("10 %");
  terminal.out.say("done");
  CHECK(terminal.talk.str() == "\r10 %\033[K\ndone\n");
}

TEST_CASE("an unknown outcome is said, and a deadline that did nothing exits with 7") {
  auto late = make_error(error_code::deadline, "no answer");
  CHECK(error_sentence(late) == "deadline: no answer (outcome: unknown)");
  CHECK(exit_code_of(late) == 8);
  late.known = outcome::not_applied;
  CHECK(exit_code_of(late) == 7);
}

TEST_CASE("a bad byte in a message can't break the JSON") {
  captured body{format::json};
  body.out.fail(make_error(error_code::invalid, "key \xff"));
  CHECK_NOTHROW(json::parse(body.talk.str()));
}
