#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace present::storage {

/// Bytes that are put down once, from beginning to end, and read at any pace and
/// place, as long as the process lives: a snapshot on its way out or in. Used
/// from one thread.
class spool {
public:
  virtual ~spool() = default;

  /// `disk_full` where there is no room. After an error the spool is of no use.
  virtual status append(std::string_view bytes) = 0;

  /// Exactly `count` bytes from `offset` on; they must be there.
  virtual result<std::string> read(std::uint64_t offset,
                                   std::size_t count) const = 0;

  virtual std::uint64_t size() const = 0;
};

/// The twin for simulation.
class memory_spool final : public spool {
public:
  status append(std::string_view bytes) override {
    bytes_.append(bytes);
    return success();
  }
  result<std::string> read(std::uint64_t offset,
                           std::size_t count) const override {
    if (offset > bytes_.size() || count > bytes_.size() - offset)
      return make_error(error_code::damaged, "a spool ends too early");
    return bytes_.substr(offset, count);
  }
  std::uint64_t size() const override { return bytes_.size(); }

private:
  std::string bytes_;
};

} // namespace present::storage
