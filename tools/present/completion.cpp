#include "tools/present/completion_script.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>

namespace present::tools {

namespace {

void collect(const CLI::App& command, const std::string& path,
             std::vector<completion_entry>& entries) {
  const auto place = entries.size();
  entries.push_back({path, {}});
  // A group without a name hides a verb that only the program itself calls.
  const auto subcommands = command.get_subcommands([](const CLI::App* one) {
    return !one->get_group().empty();
  });
  for (const auto* one : subcommands) {
    entries[place].words.push_back(one->get_name());
    collect(*one, path + ' ' + one->get_name(), entries);
  }
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames())
      entries[place].words.push_back("--" + name);
}

} // namespace

void add_completion(program& present) {
  auto& verb = *present.app.add_subcommand(
    "completion", "A script for the shell, for example: eval \"$(present completion bash)\"");
  auto shell = std::make_shared<std::string>();
  verb.add_option("shell", *shell, "bash, zsh or fish")
    ->required()
    ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  choose(verb, present, [&app = present.app, shell](const context& with) {
    std::vector<completion_entry> entries;
    collect(app, "present", entries);
    with.out.data() << completion_script(*shell, entries) << std::flush;
    return 0;
  });
}

} // namespace present::tools
