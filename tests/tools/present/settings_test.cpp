#include "tools/present/settings.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

setting_sources sources_with(std::map<std::string, std::string> flags,
                             std::map<std::string, std::string> variables,
                             std::vector<std::pair<std::string, std::string>> files) {
  return {std::move(flags),
          [variables](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end())
              return std::nullopt;
            return found->second;
          },
          std::move(files)};
}

std::string origin_of(const settings& all, const std::string& name) {
  for (const auto& one : all.all())
    if (one.name == name)
      return one.origin;
  return "";
}

std::string complaint(const setting_sources& sources) {
  const auto resolved = settings::resolve(sources);
  return resolved ? "" : resolved.problem().message;
}

} // namespace

TEST_CASE("a flag outweighs a variable, that a file, that the default") {
  const std::vector<std::pair<std::string, std::string>> files{
    {"own.toml", "nodes = 5\ndata = 'own'\nendpoint = 'own'"},
    {"etc.toml", "nodes = 7\nca = 'etc'\n"}};
  auto all = settings::resolve(sources_with(
    {{"data", "flag"}}, {{"PRESENT_DATA", "variable"}, {"PRESENT_ENDPOINT", "variable"}},
    files));
  REQUIRE(all);
  CHECK(all->text("data") == "flag");
  CHECK(origin_of(*all, "data") == "--data");
  CHECK(all->text("endpoint") == "variable");
  CHECK(origin_of(*all, "endpoint") == "PRESENT_ENDPOINT");
  CHECK(all->count("nodes") == 5);
  CHECK(origin_of(*all, "nodes") == "own.toml:1:1");
  CHECK(all->text("ca") == "etc");
  CHECK(origin_of(*all, "ca") == "etc.toml:2:1");
  CHECK(all->text("output") == "table");
  CHECK_FALSE(all->is_given("output"));
}

TEST_CASE("an unknown key is an error with its place and the nearest name") {
  CHECK(complaint(sources_with({}, {}, {{"f.toml", "nodes = 3\n  endpiont = 'x'\n"}}))
        == "f.toml:2:3: unknown key 'endpiont'; did you mean 'endpoint'?");
  CHECK(complaint(sources_with({}, {}, {{"f.toml", "[section]\nx = 1\n"}}))
          .find("f.toml:1:2: unknown key 'section'") == 0);
}

TEST_CASE("a value that can't be is an error wherever it stands") {
  CHECK(complaint(sources_with({}, {}, {{"f.toml", "nodes = 'three'\n"}}))
        == "f.toml:1:1: 'nodes' must be an integer");
  CHECK(complaint(sources_with({{"output", "jsno"}}, {}, {}))
        == "--output: 'jsno' must be one of table|json|jsonl; did you mean 'json'?");
  CHECK(complaint(sources_with({{"timeout", "5s"}}, {{"PRESENT_TIMEOUT", "soon"}}, {}))
        == "PRESENT_TIMEOUT: 'soon' must be a duration such as 250ms, 10s or 2m");
  CHECK(complaint(sources_with({}, {}, {{"f.toml", "nodes = -1\n"}}))
        == "f.toml:1:1: '-1' must be a whole number");
}

TEST_CASE("broken TOML names the place") {
  CHECK(complaint(sources_with({}, {}, {{"f.toml", "nodes = 3\nca = \n"}})).find("f.toml:2:")
        == 0);
}

TEST_CASE("durations have units, a bare number is seconds") {
  CHECK(parse_duration_ms("250ms") == 250);
  CHECK(parse_duration_ms("10") == 10'000);
  CHECK(parse_duration_ms("2m") == 120'000);
  CHECK(parse_duration_ms("1h") == 3'600'000);
  CHECK_FALSE(parse_duration_ms("").has_value());
  CHECK_FALSE(parse_duration_ms("s").has_value());
  CHECK_FALSE(parse_duration_ms("5d").has_value());
  CHECK_FALSE(parse_duration_ms("99999999999999999999s").has_value());
}
