#include "tools/present/files.hpp"
#include "tools/present/node_file.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

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

/// Resolving the settings has judged every layer before an action runs.
int check(const context& with, const std::string& file) {
  if (!file.empty()) {
    const auto text = read_file(file);
    if (!text)
      return with.out.fail(text.problem());
    if (const auto node = decode_node_file(*text, file); !node)
      return with.out.fail(node.problem());
  }
  with.out.say("the configuration is fine");
  return 0;
}

} // namespace

void add_config(program& present) {
  auto& config = *present.app.add_subcommand("config", "What is set, and where");
  config.require_subcommand(1);
  auto& checked = *config.add_subcommand(
    "check", "Judge all configuration files, and a node's if it is named");
  auto file = std::make_shared<std::string>();
  checked.add_option("file", *file, "what `present node run --config` is to take");
  choose(checked, present, [file](const context& with) { return check(with, *file); });
  auto& shown = *config.add_subcommand("show", "What each setting is");
  auto origin = std::make_shared<bool>(false);
  shown.add_flag("--origin", *origin, "also who said so");
  choose(shown, present, [origin](const context& with) { return show(with, *origin); });
}

} // namespace present::tools
