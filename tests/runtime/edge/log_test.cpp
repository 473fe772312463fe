#include "runtime/edge/log.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace present;
using namespace present::edge;

namespace {

struct captured {
  captured() {
    redirect_log([this](log_level, std::string_view line) {
      lines.emplace_back(line);
    });
  }
  ~captured() {
    redirect_log({});
    configure_log({});
  }
  /// The line without its time.
  std::string last() const {
    const auto& line = lines.back();
    return line.substr(line.find('Z') + 1);
  }
  std::vector<std::string> lines;
};

} // namespace

TEST_CASE("a line is time, level, node, actor, message, fields") {
  captured log;
  const logger journal(node_id{2}, "node/journal");
  journal.warning("disk is slow", {{"ms", 812}, {"file", "a b"}});
  CHECK(log.lines.front().find('T') == 10);
  CHECK(log.last() == " warning 2 node/journal \"disk is slow\" ms=812 "
                      "file=\"a b\"");
}

TEST_CASE("a line stays one line, whatever is in it") {
  captured log;
  const logger any(node_id{1}, "x");
  any.info("two\nlines", {{"quote", "say \"no\""}, {"empty", ""}});
  CHECK(log.last() == " info 1 x \"two\\nlines\" quote=\"say \\\"no\\\"\" "
                      "empty=\"\"");
}

TEST_CASE("as JSON a line is an object of its parts") {
  captured log;
  configure_log({.json = true});
  const logger any(node_id{1}, "x");
  any.error("no \\ way", {{"term", term{4}}, {"bell", "\a"}});
  const auto& line = log.lines.back();
  CHECK(line.starts_with("{\"time\":\"20"));
  CHECK(line.ends_with("\"level\":\"error\",\"node\":\"1\",\"actor\":\"x\","
                       "\"message\":\"no \\\\ way\",\"term\":\"4\","
                       "\"bell\":\"\\u0007\"}"));
}

TEST_CASE("lines below the level are not written") {
  captured log;
  const logger any;
  any.debug("quiet");
  CHECK(log.lines.empty());
  CHECK_FALSE(logger::says(log_level::debug));
  configure_log({.least = log_level::debug});
  any.debug("loud");
  CHECK(log.lines.size() == 1);
  configure_log({.least = log_level::off});
  any.error("lost");
  CHECK(log.lines.size() == 1);
}
