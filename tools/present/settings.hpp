#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a verb is set to, and who said so. In order of weight:
///
///   flag  >  PRESENT_*  >  --config  >  $XDG_CONFIG_HOME/present/config.toml
///         >  /etc/present/present.toml  >  default
///
/// A value that no layer may hold is an error even where a weightier layer hides it.
namespace present::tools {

enum class setting_kind { text, count, duration, choice };

struct setting_spec {
  std::string_view name; ///< the flag --name, the variable PRESENT_NAME, the key
  setting_kind kind;
  std::string_view fallback;
  std::string_view choices; ///< "table|json|jsonl"
  std::string_view meaning;
};

/// All there are, in the order in which they are shown.
const std::vector<setting_spec>& setting_specs();

struct setting {
  std::string name;
  std::string value;
  std::string origin; ///< "default", "--output", "PRESENT_OUTPUT", "file:3:1"
};

struct setting_sources {
  std::map<std::string, std::string> flags; ///< by setting name
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// Weightiest first: name and text of each file that is there.
  std::vector<std::pair<std::string, std::string>> files;
};

class settings {
public:
  static result<settings> resolve(const setting_sources& sources);

  /// Where the user's own files are; empty: nowhere.
  const std::filesystem::path& user_folder() const { return user_folder_; }

  const std::vector<setting>& all() const { return all_; }
  const std::string& text(std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  std::uint64_t duration_ms(std::string_view name) const;
  /// Said by some layer, not the default.
  bool is_given(std::string_view name) const;

private:
  const setting& at(std::string_view name) const;
  std::vector<setting> all_;
  std::filesystem::path user_folder_;
};

/// The files of the order above that exist. A --config that doesn't: an error.
result<std::vector<std::pair<std::string, std::string>>>
read_setting_files(const std::string& config_flag,
                   const std::function<std::optional<std::string>(
                     const std::string&)>& environment);

/// "250ms", "10s", "2m", "1h"; a bare number is seconds. Milliseconds, or empty.
std::optional<std::uint64_t> parse_duration_ms(std::string_view text);

} // namespace present::tools
