#pragma once

#include "tools/histories/judge.hpp"

/// Histories in few words: `ok(1, put{"a"}, 0, 10)` is client 1's, called at 0 and
/// returned at 10.
namespace present::histories {

inline operation ok(std::uint32_t client, action what, std::uint64_t called,
                    std::uint64_t returned) {
  return {client, "k", std::move(what), called, returned};
}

/// Its outcome is unknown.
inline operation lost(std::uint32_t client, action what, std::uint64_t called) {
  return {client, "k", std::move(what), called, {}};
}

inline const std::optional<std::string> nothing{};

} // namespace present::histories
