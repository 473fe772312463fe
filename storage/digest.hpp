#pragma once

#include <cstdint>
#include <string_view>

namespace present::storage {

/// A 64-bit hash of bytes that finds accidents (flipped bits, swapped rows), not
/// attacks. The same on every machine and in every version: it is stored and
/// compared between replicas. std only.
///
/// Each 16 bytes are multiplied into a 128-bit product whose halves are folded,
/// as in Wang Yi's wyhash; about a nanosecond for 20 bytes.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

} // namespace present::storage
