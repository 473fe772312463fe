#include "runtime/base/joined.hpp"
#include "tools/present/nearest_name.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>

#include <unistd.h>

using namespace present;
using namespace present::tools;

namespace {

std::optional<std::string> environment(const std::string& name) {
  const auto* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>{value} : std::nullopt;
}

bool wants_color(const settings& set) {
  const auto& wish = set.text("color");
  if (wish != "auto")
    return wish == "always";
  const auto refused = environment("NO_COLOR");
  return ::isatty(STDERR_FILENO) && !(refused && !refused->empty());
}

output make_output(format shape, bool color) {
  return {shape, color,
          {std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0,
           ::isatty(STDERR_FILENO) != 0}};
}

/// The format for errors about the command line itself, which can come before
/// -o has been read.
format format_on(int count, char** arguments) {
  auto shape = format_named(environment("PRESENT_OUTPUT").value_or("table"));
  for (int place = 1; place < count; ++place) {
    const std::string_view argument{arguments[place]};
    const std::string_view next{place + 1 < count ? arguments[place + 1] : ""};
    if ((argument == "-o" || argument == "--output") && format_named(next))
      shape = format_named(next);
    else if (argument.substr(0, 9) == "--output=")
      shape = format_named(argument.substr(9));
    else if (argument.substr(0, 2) == "-o" && format_named(argument.substr(2)))
      shape = format_named(argument.substr(2));
  }
  return shape.value_or(format::table);
}

/// What is wrong with the command line. CLI11 misses the verb that an unknown word
/// stands in for, and doesn't name the word.
std::string complaint(const CLI::App& app, const CLI::ParseError& problem) {
  const auto* deepest = &app;
  while (!deepest->get_subcommands().empty())
    deepest = deepest->get_subcommands().back();
  const auto unknown = app.remaining(true);
  const auto verbs = deepest->get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> names;
  for (const auto* verb : verbs)
    if (!verb->get_group().empty()) // hidden: the program's own
      names.push_back(verb->get_name());
  if (dynamic_cast<const CLI::RequiredError*>(&problem) && unknown.empty() && !names.empty()
      && deepest->get_require_subcommand_min() > 0)
    return "which command? One of " + joined(names);
  if (unknown.empty() || verbs.empty())
    return problem.what();
  return "unknown command '" + unknown.front() + '\'' + did_you_mean(unknown.front(), names);
}

void add_verbs(program& present) {
  auto& app = present.app;
  app.require_subcommand(1);
  app.fallthrough();
  // Before a verb only: behind one it is a slip, and must not look like success.
  app.add_flag_callback(
    "--version",
    [&app] {
      if (!app.get_subcommands().empty())
        throw CLI::ExtrasError({"--version"});
      throw CLI::CallForVersion(PRESENT_VERSION, 0);
    },
    "print the program's version and exit");
  add_setting_flag(app, present, "output");
  add_setting_flag(app, present, "color");
  app.add_option("--config", present.config_path,
                 "configuration file, before the user's and the system's");
  add_demo(present);
  add_up(present);
  add_down(present);
  add_status(present);
  add_tree(present);
  add_trace(present);
  add_space(present);
  add_kv(present);
  add_conflicts(present);
  add_txn(present);
  add_lock(present);
  add_elect(present);
  add_node(present);
  add_cluster(present);
  add_bench(present);
  add_workload(present);
  add_cert(present);
  add_config(present);
  add_context(present);
  add_completion(present);
}

int act(program& present, format early_shape) {
  const auto files = read_setting_files(present.config_path, environment);
  if (!files)
    return make_output(early_shape, false).fail(files.problem());
  const auto set = settings::resolve({present.flags, environment, *files});
  if (!set)
    return make_output(early_shape, false).fail(set.problem());
  auto out = make_output(*format_named(set->text("output")), wants_color(*set));
  return present.chosen({*set, out});
}

} // namespace

int main(int count, char** arguments) {
  CLI::App app{"Present: a replicated key-value store and actor runtime.", "present"};
  program present{app, {}, {}, {}};
  add_verbs(present);
  const auto early_shape = format_on(count, arguments);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& wanted) { // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& problem) {
    return make_output(early_shape, false)
      .fail(make_error(error_code::invalid,
                       complaint(app, problem) + " (see `present --help`)"));
  }
  return act(present, early_shape);
}
