#include "tools/present/saved_contexts.hpp"

#include "tools/present/files.hpp"
#include "tools/present/nearest_name.hpp"
#include "tools/present/toml_file.hpp"

#include <algorithm>
#include <array>

namespace present::tools {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::string_view prefix = "contexts.";

struct member {
  const char* name;
  std::string saved_context::*value;
};

constexpr std::array members{
  member{"data", &saved_context::data}, member{"endpoint", &saved_context::endpoint},
  member{"ca", &saved_context::ca}, member{"cert", &saved_context::cert},
  member{"key", &saved_context::key}};

std::filesystem::path file_in(const std::filesystem::path& user_folder) {
  return user_folder / "contexts.toml";
}

std::vector<toml_key> known_keys() {
  std::vector<toml_key> keys{{"current"}};
  for (const auto& one : members)
    keys.push_back({std::string{prefix} + "*." + one.name});
  return keys;
}

bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')
         || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

} // namespace

std::string saved_context::missing() const {
  if (!data.empty())
    return {};
  for (const auto& one : members)
    if (one.value != &saved_context::data && (this->*one.value).empty())
      return one.name;
  return {};
}

result<saved_context> saved_contexts::find(const std::string& name) const {
  if (const auto found = by_name.find(name); found != by_name.end())
    return found->second;
  std::vector<std::string> names;
  for (const auto& [known, where] : by_name)
    names.push_back(known);
  return make_error(error_code::not_found,
                    "there is no context '" + name + '\'' + did_you_mean(name, names));
}

status check_context_name(const std::string& name) {
  if (name.empty() || name.size() > longest_name
      || !std::all_of(name.begin(), name.end(), is_name_letter))
    return make_error(error_code::invalid, "context '" + name
                                             + "': a name has 1 to 64 letters, digits, '-' "
                                               "and '_'");
  return success();
}

std::string encode_contexts(const saved_contexts& all) {
  std::string text;
  if (!all.current.empty())
    text += "current = " + toml_string(all.current) + '\n';
  for (const auto& [name, where] : all.by_name) {
    text += "\n[" + std::string{prefix} + name + "]\n";
    for (const auto& one : members)
      if (const auto& said = where.*one.value; !said.empty())
        text += one.name + (" = " + toml_string(said)) + '\n';
  }
  return text;
}

result<saved_contexts> decode_contexts(const std::string& text, const std::string& file) {
  const auto values = read_toml(text, file, known_keys());
  if (!values)
    return values.problem();
  saved_contexts all;
  for (const auto& value : *values) {
    if (value.path == "current") {
      all.current = value.text;
      continue;
    }
    const auto dot = value.path.rfind('.');
    const auto name = value.path.substr(prefix.size(), dot - prefix.size());
    for (const auto& one : members)
      if (value.path.substr(dot + 1) == one.name)
        all.by_name[name].*one.value = value.text;
  }
  return all;
}

result<saved_contexts> load_contexts(const std::filesystem::path& user_folder) {
  if (user_folder.empty())
    return saved_contexts{};
  const auto file = file_in(user_folder);
  const auto text = read_file(file);
  if (text)
    return decode_contexts(*text, file.string());
  if (text.problem().code == error_code::not_found)
    return saved_contexts{};
  return text.problem();
}

status save_contexts(const std::filesystem::path& user_folder, const saved_contexts& all) {
  if (user_folder.empty())
    return make_error(error_code::invalid,
                      "neither XDG_CONFIG_HOME nor HOME says where contexts are kept");
  std::error_code problem;
  std::filesystem::create_directories(user_folder, problem);
  if (problem)
    return make_error(error_code::invalid,
                      "can't make " + user_folder.string() + ": " + problem.message());
  return replace_file(file_in(user_folder), encode_contexts(all), 0600);
}

} // namespace present::tools
