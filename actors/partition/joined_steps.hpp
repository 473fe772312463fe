#pragma once

#include "actors/partition/commit_step.hpp"

#include <utility>
#include <variant>

namespace present {

/// How many transactions it tells of.
inline std::size_t told_by(const operation& what) {
  const auto* all = std::get_if<aftermath>(&what.what);
  return all ? all->resolved.size() + all->known.size() : 1;
}

/// From now on `to` tells what `one` does, too. Both are of aftermath; `to` may be of several
/// transactions already.
inline void join(operation& to, const operation& one) {
  if (!std::holds_alternative<aftermath>(to.what)) {
    operation first = std::exchange(to, {});
    to.what = aftermath{};
    join(to, first);
  }
  auto& all = std::get<aftermath>(to.what);
  if (const auto* ended = std::get_if<resolve>(&one.what))
    all.resolved.push_back(*ended);
  else
    all.known.push_back(std::get<forget>(one.what));
}

} // namespace present
