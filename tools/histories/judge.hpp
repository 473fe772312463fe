#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/operation.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace present::histories {

enum class ruling : std::uint8_t {
  linearizable,
  violated,
  undecided, ///< the bound on configurations was reached
};

std::string_view to_string(ruling what);

struct verdict {
  ruling is = ruling::linearizable;
  std::size_t keys = 0;
  std::size_t operations = 0;
  std::size_t configurations = 0; ///< that the search looked at

  // Of the key that isn't linearizable, the one with the fewest operations if there
  // are several; or of the one that couldn't be decided.
  std::string key;
  std::size_t keys_like_it = 0;
  std::size_t key_operations = 0;
  /// Operations of the key that contradict each other, in the order of their calls:
  /// few, and fewer don't. Some that had returned may stand here as unknown: what
  /// they did later doesn't matter.
  std::vector<operation> contradiction;
  std::string reason; ///< one sentence
};

struct judge_options {
  std::size_t max_configurations = 4'000'000; ///< for each key, about 200 bytes each
};

/// Is the history linearizable? Keys are independent, so each is judged by itself
/// (Herlihy and Wing's locality). `invalid` if it isn't a history: a key used as two
/// types, a return before its call.
///
/// Pure, deterministic, one thread. 100,000 operations take about a second.
result<verdict> judge(const std::vector<operation>& history,
                      const judge_options& options = {});

/// The same for the operations of one key, without a contradiction looked for.
ruling judge_key(const std::vector<operation>& history, const judge_options& options = {});

} // namespace present::histories
