#include "tools/present/settings.hpp"

#include "runtime/base/check.hpp"
#include "runtime/base/parse_count.hpp"
#include "tools/present/files.hpp"
#include "tools/present/nearest_name.hpp"
#include "tools/present/toml_file.hpp"

#include <algorithm>

namespace present::tools {

namespace {

constexpr auto system_file = "/etc/present/present.toml";

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> names;
  while (!choices.empty()) {
    const auto bar = std::min(choices.find('|'), choices.size());
    names.emplace_back(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return names;
}

std::filesystem::path
user_folder_of(const std::function<std::optional<std::string>(const std::string&)>& environment) {
  if (const auto folder = environment("XDG_CONFIG_HOME"); folder && !folder->empty())
    return std::filesystem::path{*folder} / "present";
  if (const auto home = environment("HOME"); home && !home->empty())
    return std::filesystem::path{*home} / ".config/present";
  return {};
}

std::string variable_of(std::string_view name) {
  std::string variable = "PRESENT_";
  for (const auto letter : name)
    variable += letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
  return variable;
}

/// What `text` must be instead; empty if it is fine.
std::string wanted_instead(const setting_spec& spec, const std::string& text) {
  switch (spec.kind) {
    case setting_kind::text:
      return "";
    case setting_kind::count:
      return parse_count(text) ? "" : "a whole number";
    case setting_kind::duration:
      return parse_duration_ms(text) ? "" : "a duration such as 250ms, 10s or 2m";
    case setting_kind::choice: {
      const auto names = split_choices(spec.choices);
      if (std::find(names.begin(), names.end(), text) != names.end())
        return "";
      return "one of " + std::string{spec.choices} + did_you_mean(text, names);
    }
  }
  return "";
}

/// The values one name is given, weightiest first, the default last.
using layers = std::vector<setting>;

layers layers_of(const setting_spec& spec, const setting_sources& sources,
                 const std::vector<toml_value>& from_files) {
  const std::string name{spec.name};
  layers found;
  if (const auto flag = sources.flags.find(name); flag != sources.flags.end())
    found.push_back({name, flag->second, "--" + name});
  const auto variable = variable_of(name);
  if (const auto value = sources.environment(variable))
    found.push_back({name, *value, variable});
  for (const auto& value : from_files)
    if (value.path == name)
      found.push_back({name, value.text, value.origin});
  found.push_back({name, std::string{spec.fallback}, "default"});
  return found;
}

std::vector<toml_key> file_keys() {
  std::vector<toml_key> keys;
  for (const auto& spec : setting_specs())
    keys.push_back({std::string{spec.name}, spec.kind == setting_kind::count
                                              ? toml_kind::integer
                                              : toml_kind::text});
  return keys;
}

} // namespace

const std::vector<setting_spec>& setting_specs() {
  using enum setting_kind;
  static const std::vector<setting_spec> specs{
    {"output", choice, "table", "table|json|jsonl", "format of the data on stdout"},
    {"color", choice, "auto", "auto|always|never", "colours; NO_COLOR means never"},
    {"data", text, "", "", "folder of a local cluster"},
    {"context", text, "", "", "name of a saved context"},
    {"endpoint", text, "", "", "address of any node, HOST:PORT"},
    {"ca", text, "", "", "certificate authority's file (PEM)"},
    {"cert", text, "", "", "own certificate's file (PEM)"},
    {"key", text, "", "", "own private key's file (PEM)"},
    {"timeout", duration, "10s", "", "deadline of a call; for up, of the start"},
    {"nodes", count, "3", "", "nodes that `up` starts"},
    {"partitions", count, "0", "",
     "partitions that a new cluster has, besides the root; 0: 4, or for one on this "
     "machine half as many as it has cores"},
    {"ports", choice, "fixed", "fixed|random", "7400 and 7401 on 127.0.1.N, or free ones"},
  };
  return specs;
}

result<settings> settings::resolve(const setting_sources& sources) {
  std::vector<toml_value> from_files;
  for (const auto& [file, text] : sources.files) {
    auto values = read_toml(text, file, file_keys());
    if (!values)
      return values.problem();
    from_files.insert(from_files.end(), values->begin(), values->end());
  }
  settings resolved;
  resolved.user_folder_ = user_folder_of(sources.environment);
  for (const auto& spec : setting_specs()) {
    const auto found = layers_of(spec, sources, from_files);
    for (const auto& layer : found)
      if (const auto wanted = wanted_instead(spec, layer.value); !wanted.empty())
        return make_error(error_code::invalid, layer.origin + ": '" + layer.value
                                                 + "' must be " + wanted);
    resolved.all_.push_back(found.front());
  }
  return resolved;
}

const setting& settings::at(std::string_view name) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const setting& one) {
    return one.name == name;
  });
  check(found != all_.end(), "a setting that setting_specs() doesn't list");
  return *found;
}

const std::string& settings::text(std::string_view name) const {
  return at(name).value;
}

std::uint64_t settings::count(std::string_view name) const {
  return parse_count(at(name).value).value();
}

std::uint64_t settings::duration_ms(std::string_view name) const {
  return parse_duration_ms(at(name).value).value();
}

bool settings::is_given(std::string_view name) const {
  return at(name).origin != "default";
}

result<std::vector<std::pair<std::string, std::string>>>
read_setting_files(const std::string& config_flag,
                   const std::function<std::optional<std::string>(
                     const std::string&)>& environment) {
  std::vector<std::filesystem::path> paths;
  if (!config_flag.empty())
    paths.emplace_back(config_flag);
  if (const auto folder = user_folder_of(environment); !folder.empty())
    paths.emplace_back(folder / "config.toml");
  paths.emplace_back(system_file);
  std::vector<std::pair<std::string, std::string>> files;
  for (std::size_t place = 0; place < paths.size(); ++place) {
    auto text = read_file(paths[place]);
    if (text)
      files.emplace_back(paths[place].string(), *text);
    else if (text.problem().code != error_code::not_found
             || (place == 0 && !config_flag.empty()))
      return make_error(error_code::invalid, text.problem().message);
  }
  return files;
}

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_count(text.substr(0, digits));
  if (!number || *number > 1'000'000'000)
    return std::nullopt;
  const auto unit = text.substr(digits);
  if (unit == "ms")
    return *number;
  if (unit.empty() || unit == "s")
    return *number * 1000;
  if (unit == "m")
    return *number * 60'000;
  if (unit == "h")
    return *number * 3'600'000;
  return std::nullopt;
}

} // namespace present::tools
