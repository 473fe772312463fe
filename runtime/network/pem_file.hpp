#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace present::network {

enum class pem_kind {
  certificate, ///< mode 0644
  key,         ///< mode 0600 from its first moment on
};

/// Writes beside, syncs and renames: a reader sees the old file or the new one,
/// and a crash leaves one of them whole.
status write_pem(const std::filesystem::path& path, std::string_view text,
                 pem_kind kind);

/// The text. `not_found`, or `denied` for a key that others may read.
result<std::string> read_pem(const std::filesystem::path& path, pem_kind kind);

} // namespace present::network
