#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace present::tools {

namespace {

int show(const context& with, bool origin) {
  std::vector<std::string> columns{"name", "value"};
  if (origin)
    columns.emplace_back("origin");
  std::vector<json> records;
  for (const auto& one : with.set.all()) {
    json record{{"name", one.name}, {"value", one.value}};
    if (origin)
      record["origin"] = one.origin;
    records.push_back(std::move(record));
  }
  with.out.list(columns, records);
  return 0;
}

} // namespace

void add_config(program& present) {
  auto& config = *present.app.add_subcommand("config", "What is set, and where");
  config.require_subcommand(1);
  // Resolving the settings has judged every layer before an action runs.
  choose(*config.add_subcommand("check", "Judge all configuration files"), present,
         [](const context& with) {
           with.out.say("the configuration is fine");
           return 0;
         });
  auto& shown = *config.add_subcommand("show", "What each setting is");
  auto origin = std::make_shared<bool>(false);
  shown.add_flag("--origin", *origin, "also who said so");
  choose(shown, present, [origin](const context& with) { return show(with, *origin); });
}

} // namespace present::tools
