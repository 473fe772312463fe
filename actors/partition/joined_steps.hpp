#pragma once

#include "actors/partition/operation.hpp"

#include <utility>
#include <variant>

namespace present {

/// From now on `to` tells what `one` does, too. Each is a `resolve` or a `forget`; `to` may be
/// an aftermath already.
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
