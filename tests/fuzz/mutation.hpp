#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace present::fuzz {

/// Longest input that mutations make.
inline constexpr std::size_t max_mutated = 4096;

/// One of `base`, changed in one to four places: bits, bytes, whole words (Cap'n
/// Proto's pointers and sizes are words), pieces that are repeated, moved, cut out or
/// taken from another input. `base` is not empty. The same for the same seed, on any
/// machine.
std::string mutation_of(const std::vector<std::string>& base, std::uint64_t seed);

} // namespace present::fuzz
