#pragma once

#include "storage/spool.hpp"

#include <array>
#include <filesystem>
#include <memory>

namespace present::storage {

/// A spool in a file without a name: it goes with the process, however that
/// ends. What it holds would be in clear otherwise, so it is encrypted
/// (AES-256-CTR) with a key that is drawn for this file and never leaves memory;
/// no place is written twice, so no part of the key stream is used twice. That
/// the bytes are the right ones is for the snapshot's digest to say.
class file_spool final : public spool {
public:
  static constexpr std::string_view name_prefix = "spool-";

  /// In this folder, which tells on which disk there must be room.
  static result<std::unique_ptr<file_spool>>
  create(const std::filesystem::path& folder);

  ~file_spool() override;
  file_spool(const file_spool&) = delete;
  file_spool& operator=(const file_spool&) = delete;

  status append(std::string_view bytes) override;
  result<std::string> read(std::uint64_t offset,
                           std::size_t count) const override;
  std::uint64_t size() const override { return size_; }

private:
  file_spool(std::filesystem::path folder, int file)
      : folder_(std::move(folder)), file_(file) {}

  /// Encrypts or decrypts, which in this mode is the same.
  status cross(std::uint64_t offset, std::string_view from, char* to) const;
  error problem(std::string_view doing) const;

  const std::filesystem::path folder_;
  const int file_;
  std::array<unsigned char, 32> key_{};
  std::uint64_t size_ = 0;
};

} // namespace present::storage
