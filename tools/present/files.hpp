#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace present::tools {

/// The whole file. `not_found` or `invalid`, with the path and the system's reason.
result<std::string> read_file(const std::filesystem::path& path);

/// Writes beside `path` and renames, so that no reader sees a half of it. `mode`
/// holds from the first byte on: a key is never readable by others.
status replace_file(const std::filesystem::path& path, std::string_view bytes,
                    unsigned mode = 0644);

} // namespace present::tools
