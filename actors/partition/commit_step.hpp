#pragma once

#include "actors/partition/operation.hpp"

#include <cstdint>
#include <optional>

namespace present {

/// What the partitions of a transaction ask of each other (`two_phase.hpp`).
enum class commit_step : std::uint8_t { prepare, decide, resolve, push, forget, count_ };

/// Empty: a client asks for it.
inline std::optional<commit_step> commit_step_of(const operation& what) {
  if (std::holds_alternative<prepare>(what.what))
    return commit_step::prepare;
  if (std::holds_alternative<decide>(what.what))
    return commit_step::decide;
  if (std::holds_alternative<resolve>(what.what))
    return commit_step::resolve;
  if (const auto* all = std::get_if<aftermath>(&what.what))
    return all->resolved.empty() ? commit_step::forget : commit_step::resolve;
  if (std::holds_alternative<push>(what.what))
    return commit_step::push;
  if (std::holds_alternative<forget>(what.what))
    return commit_step::forget;
  return std::nullopt;
}

} // namespace present
