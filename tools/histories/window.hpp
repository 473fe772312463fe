#pragma once

#include "tools/histories/operation.hpp"

#include <cstdint>
#include <vector>

namespace present::histories {

/// Can a register's history not be right, whatever it was before `moment`? So it is
/// if from no value at all that moment's future is linearizable: operations that were
/// over by then are left out, and writes under way may have come before. A violation
/// that shows within a short time is proven in a short time, without every order of
/// all that came before.
///
/// False says nothing: the contradiction may reach further back.
bool is_violated_since(std::uint64_t moment, const std::vector<operation>& history);

/// Tries moments further and further before `suspect`.
bool is_violated_near(std::uint64_t suspect, const std::vector<operation>& history);

} // namespace present::histories
