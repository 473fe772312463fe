#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace present::tools {

/// The name that `typed` was most likely meant to be; empty if none is near:
/// within half its length, and three, in edits (Damerau and
/// Levenshtein).
std::string nearest_name(std::string_view typed,
                         const std::vector<std::string>& names);

/// "; did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view typed,
                         const std::vector<std::string>& names);

} // namespace present::tools
