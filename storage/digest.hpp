#pragma once

#include "storage/record.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Digests: what tells replicas, and a file from what was written to it, apart
/// (P24). They are over plain records, not over stored bytes, and the same on
/// every machine. std only.
namespace present::storage {

/// A 64-bit hash of bytes that finds accidents (flipped bits, swapped rows), not
/// attacks. The same in every version: it is stored and compared between
/// replicas.
///
/// Each 16 bytes are multiplied into a 128-bit product whose halves are folded,
/// as in Wang Yi's wyhash; about a nanosecond for 8 bytes.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

/// Of a key and its record. A field that a later version adds must leave the
/// digest as it is while the field has its default, or replicas of two versions
/// would seem to differ.
std::uint64_t digest_of(const record_key& key, const record& what);

/// The rows of a bucket: the sum of their digests, in any order, and how many.
struct bucket_digest {
  std::uint64_t sum = 0;
  std::uint64_t count = 0;

  void add(std::uint64_t row) { sum += row, ++count; }
  void remove(std::uint64_t row) { sum -= row, --count; }
  friend bool operator==(const bucket_digest&, const bucket_digest&) = default;
};

/// All rows of a state, in buckets of keys: a key's bucket is a hash of it.
class state_digest {
public:
  static constexpr std::size_t buckets = 256;
  static std::uint16_t bucket_of(const record_key& key);

  bucket_digest& operator[](std::size_t bucket) { return all_[bucket]; }
  const bucket_digest& operator[](std::size_t bucket) const {
    return all_[bucket];
  }

  /// A row is replaced: its digests before and after, where there is one.
  void change(const record_key& key, std::optional<std::uint64_t> before,
              std::optional<std::uint64_t> after);

  /// Over the whole state: equal on replicas that applied the same log.
  bucket_digest total() const;

  /// Buckets in which the two differ.
  std::vector<std::uint16_t> differing(const state_digest& other) const;

  friend bool operator==(const state_digest&, const state_digest&) = default;

private:
  std::array<bucket_digest, buckets> all_{};
};

} // namespace present::storage
