#pragma once

#include "tools/histories/sequential_model.hpp"

#include <cstddef>

/// Is there an order of a key's operations, each taking effect between its call and
/// its return, in which all answers are right? Wing and Gong, "Testing and
/// Verifying Concurrent Objects" (1993), with Lowe's improvements, "Testing for
/// linearizability" (2017): what was found to lead nowhere is remembered, and a step
/// is placed when one that has returned needs it.
///
/// Depth first over configurations: which steps are placed, and the state they made.
///
///   settle ──▶ all placed: found
///     ▲    └─▶ seen before, or no choice left: back to the last choice; none: none
///     └── next choice ◀┘
///
/// What keeps it short, beyond Lowe:
/// - A free step (`is_free`) is placed at once and no other choice is tried.
/// - Of overlapping steps that are alike only the one that returns first is tried:
///   in any order that has another one first, the two can change places.
/// - Steps of unknown outcome need not be placed. A configuration that was reached
///   before with fewer of them leaves no less freedom, so the later one is dropped.
///   One whose state is overwritten before anybody needed it wasn't needed either.
namespace present::histories {

struct search_result {
  enum class end : std::uint8_t { found, none, gave_up };
  end how = end::none;
  std::size_t configurations = 0;
  /// `none`: of the longest order that was found, the step that had to come next
  /// and whose answer nothing explains.
  std::size_t stuck_at = 0;
};

/// Gives up after so many configurations: the problem is NP-complete, and a bound
/// in memory is a bound in time. A configuration takes about 200 bytes.
search_result search(sequential_model& model, std::size_t max_configurations);

} // namespace present::histories
