#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace present::tools {

/// One command and what may follow it: "present kv" and its verbs and flags.
struct completion_entry {
  std::string path;
  std::vector<std::string> words;
};

/// A script for "bash", "zsh" or "fish"; empty for another shell. Every path but
/// the first must be another path and one word.
std::string completion_script(std::string_view shell,
                              const std::vector<completion_entry>& entries);

} // namespace present::tools
