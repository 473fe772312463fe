#pragma once

#include "storage/secret_key.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace present::storage {

/// A data key that may stand on the disk: only the provider can unwrap it.
struct wrapped_key {
  std::uint32_t wrapped_by = 0; ///< the provider's number of its key
  std::string bytes;
};

/// Who holds the keys that wrap data keys: a file, or a key service. They are
/// never in the data folder's environments, so a stolen disk without them tells
/// nothing but keys of records and sizes.
class key_provider {
public:
  virtual ~key_provider() = default;

  /// With the provider's current key. `purpose` says whose key it is, and must be
  /// the same at `unwrap`.
  virtual result<wrapped_key> wrap(const secret_key& key,
                                   std::string_view purpose) const = 0;

  /// `invalid` if the provider doesn't have the key (any more), `damaged` if the
  /// bytes aren't what it wrapped for this purpose.
  virtual result<secret_key> unwrap(const wrapped_key& wrapped,
                                    std::string_view purpose) const = 0;

  /// The number of the key that `wrap` uses.
  virtual std::uint32_t current() const = 0;
};

} // namespace present::storage
