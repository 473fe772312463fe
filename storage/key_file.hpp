#pragma once

#include "storage/key_provider.hpp"

#include <filesystem>
#include <map>

/// Keys in a file, for a node without a key service. A line each, the last one is
/// current; a new one is added below to rotate:
///
///   present-key 1 <64 hex digits>
///   present-key 2 <64 hex digits>
///
/// The file is its owner's alone (mode 0600, or 0400), or it is refused.
namespace present::storage {

class key_file final : public key_provider {
public:
  /// Errors are `invalid` and name the file, and the line where there is one;
  /// key material never stands in them.
  static result<std::unique_ptr<key_file>> open(
    const std::filesystem::path& path);

  /// Makes a file with one fresh key, durable on return. Refuses to replace one.
  static status create(const std::filesystem::path& path);

  /// Adds a fresh key, which becomes the current one.
  static status rotate(const std::filesystem::path& path);

  result<wrapped_key> wrap(const secret_key& key,
                           std::string_view purpose) const override;
  result<secret_key> unwrap(const wrapped_key& wrapped,
                            std::string_view purpose) const override;
  std::uint32_t current() const override { return keys_.rbegin()->first; }

private:
  explicit key_file(std::filesystem::path path) : path_(std::move(path)) {}
  status read();
  status read_line(std::string_view line, unsigned number);

  std::filesystem::path path_;
  std::map<std::uint32_t, secret_key> keys_; ///< never empty once opened
};

} // namespace present::storage
