#pragma once

#include "tools/histories/transaction.hpp"

#include <vector>

namespace present::histories {

/// Is the history strictly serializable? By trying every order, so for short
/// ones.
bool has_an_order(const std::vector<transaction>& history);

} // namespace present::histories
