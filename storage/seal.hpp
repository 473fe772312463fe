#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

/// Turns bytes into bytes that can't be taken for others: what every value in
/// LMDB is wrapped in, since LMDB 0.9 has no checks of its own on pages.
///
///   01 hash:8 plain                          checked: finds accidents
///   02 opening:4 nonce:8 ciphertext tag:16   encrypted: AES-256-GCM (P26)
///
/// `place` says where the bytes belong (store and key). It goes into hash or tag,
/// so that a value that turns up under another key is found as well.
namespace present::storage {

class key_ring;

class seal {
public:
  /// Checked.
  seal();
  /// Encrypted. Checked bytes are then refused: anybody could have made them.
  explicit seal(std::shared_ptr<key_ring> keys);

  /// Bytes that a sealed value is longer than the plain one.
  std::size_t overhead() const;

  /// The plain bytes are `head` and `body`, one after the other, so that a large
  /// body needn't be copied behind its head first. Writes their size and
  /// `overhead()` bytes to `out`.
  status close(std::string_view place, std::string_view head,
               std::string_view body, char* out) const;

  /// The plain bytes; `damaged` if they aren't what was sealed for this place.
  result<std::string> open(std::string_view place,
                           std::string_view sealed) const;

private:
  std::shared_ptr<key_ring> keys_; ///< null: checked
};

} // namespace present::storage
