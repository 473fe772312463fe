#include "tools/present/program.hpp"

#include "runtime/base/check.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace present::tools {

void add_setting_flag(CLI::App& verb, program& present, std::string_view name) {
  const auto& specs = setting_specs();
  const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& one) {
    return one.name == name;
  });
  check(spec != specs.end(), "a flag of a setting that setting_specs() doesn't list");
  const auto flag = (name == "output" ? "-o,--" : "--") + std::string{name};
  const std::string setting{name};
  auto* option = verb.add_option_function<std::string>(
    flag, [&present, setting](const std::string& value) {
      present.flags[setting] = value;
    },
    std::string{spec->meaning});
  if (!spec->choices.empty())
    option->type_name(std::string{spec->choices});
  if (!spec->fallback.empty())
    option->default_str(std::string{spec->fallback});
}

void add_connection_flags(CLI::App& verb, program& present) {
  for (const auto* name : {"data", "context", "endpoint", "ca", "cert", "key", "timeout"})
    add_setting_flag(verb, present, name);
}

void choose(CLI::App& verb, program& present, action body) {
  verb.callback([&present, body = std::move(body)] { present.chosen = body; });
}

} // namespace present::tools
