#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <utility>

namespace present::storage {

/// Keeps a folder to one process: a lock (flock(2)) on a file in it, which ends with
/// the process, however that ends. LMDB alone would let two in, and each would undo
/// what the other believes.
class folder_lock {
public:
  folder_lock() = default;
  folder_lock(folder_lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  folder_lock& operator=(folder_lock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~folder_lock();

  /// Makes the folder if need be. `invalid`: another process has it, or it can't be
  /// made or written to.
  static result<folder_lock> take(const std::filesystem::path& folder);

private:
  explicit folder_lock(int file) : file_(file) {}

  int file_ = -1;
};

} // namespace present::storage
