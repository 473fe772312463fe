#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace present::supervision {

/// What an actor adds to its description: few, short, in an order that stays.
using details = std::vector<std::pair<std::string, std::string>>;

/// One actor as `present tree` and the console show it, and what lives below it.
struct description {
  /// Its path in the tree: "node/partitions/3". The names of INTERFACE.md's
  /// `tree`; what is not there is extra.
  std::string id;
  std::string kind;
  node_id node;
  /// starting, running, busy (didn't answer in time), stopping, stopped, crashed.
  std::string state;
  std::uint64_t since_ms = 0; ///< wall time at which it came to that state
  std::uint64_t mailbox = 0;  ///< messages waiting
  std::uint64_t handled = 0;  ///< messages, over all restarts
  std::uint64_t restarts = 0;
  std::string last_error;
  std::vector<description> children;

  std::uint64_t handling_us = 0; ///< time in handlers, over all restarts
  details more;
};

/// Asks any measured actor for its `description`, ahead of its other mail. A
/// supervisor asks its children in turn; one that doesn't answer within
/// `budget_ms` (each level has less of it) is shown as busy.
struct describe_request {
  std::uint32_t budget_ms = 500;
  /// Children shown per supervisor; `more` says how many there are in all.
  std::uint32_t most_children = 1000;
};

} // namespace present::supervision
