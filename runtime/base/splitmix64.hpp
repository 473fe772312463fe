#pragma once

#include <cstdint>

namespace present {

/// splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014): the same numbers on every machine for the same seed. For
/// jitter, ids that only need to differ, and tests. Never fit for keys.
inline constexpr std::uint64_t splitmix64_step = 0x9e3779b97f4a7c15;

/// The number that belongs to a state, which has been stepped.
constexpr std::uint64_t splitmix64_of(std::uint64_t state) {
  state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
  state = (state ^ state >> 27) * 0x94d049bb133111eb;
  return state ^ state >> 31;
}

/// Steps the state, which begins as the seed, and gives the next number.
constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  return splitmix64_of(state += splitmix64_step);
}

} // namespace present
