#pragma once

#include "tools/histories/operation.hpp"

#include <vector>

namespace present::histories {

/// Of one key's operations, which aren't linearizable, a few that still aren't. They
/// are taken away only where that can't make a contradiction: what a linearizable
/// history has, it has without its reads, without what happened after some moment,
/// without a value and all that saw it, and without a member and all sight of it.
std::vector<operation> contradiction_in(const std::vector<operation>& history,
                                        std::uint64_t suspect);

} // namespace present::histories
