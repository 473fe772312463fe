#pragma once

#include <filesystem>

namespace present::storage {

/// Whether the disk below the file or folder has next to nothing left (under 1 MiB), or
/// the file may not grow by that (RLIMIT_FSIZE). For errors that don't say what they
/// came of: it is looked at after the fact. Thread-safe.
bool is_out_of_room(const std::filesystem::path& where);

} // namespace present::storage
