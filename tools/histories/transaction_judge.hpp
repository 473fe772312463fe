#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/transaction.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace present::histories {

/// What can't be seen where transactions take effect one after the other, each
/// between its call and its return. The worse come first. The names are Adya's
/// ("Weak Consistency", 1999) and Elle's; a cycle `…-realtime` needs that one
/// transaction returned before another was called.
enum class anomaly_kind : std::uint8_t {
  internal, ///< a transaction doesn't find what itself appended or found
  duplicate_elements,    ///< a value stands in a list twice
  unwritten_read,        ///< a value is found that nobody appended
  incompatible_order,    ///< two reads of a key, neither the beginning of the
                         ///< other
  g1a_aborted_read,      ///< what an aborted transaction appended is found
  g1b_intermediate_read, ///< a list as it was in the middle of a transaction
  lost_append,    ///< acknowledged, and missing for one that was called later
  g0_write_cycle, ///< appends alone go round
  g1c_circular_information, ///< appends, and reads of what was appended
  g_single_read_skew,       ///< and one read of what was there before an append
  g2_item_write_skew,       ///< and several of them
  g0_realtime,
  g1c_realtime,
  g_single_realtime,
  g2_item_realtime,
};
constexpr std::size_t anomaly_kinds = 15;

/// "G-single", "lost-append", "G1c-realtime".
std::string_view to_string(anomaly_kind what);

struct anomaly {
  anomaly_kind what = anomaly_kind::internal;
  std::string key; ///< empty where it takes several
  /// Places in the history, in the order in which they are told of.
  std::vector<std::size_t> transactions;
  /// What contradicts what, a sentence each.
  std::vector<std::string> story;
};

struct transaction_verdict {
  std::size_t transactions = 0;
  std::size_t committed = 0;
  std::size_t aborted = 0;
  std::size_t unknown = 0;
  std::size_t unknown_seen
      = 0; ///< of unknown outcome, and somebody saw an effect
  std::size_t keys = 0;
  std::size_t dependencies = 0; ///< that were found, real time included
  std::array<std::size_t, anomaly_kinds> counts{}; ///< by anomaly_kind
  /// Some of each kind, the worse kinds first. Of transactions that hang
  /// together in cycles one cycle of the worst kind is told of, a shortest one
  /// of that kind.
  std::vector<anomaly> anomalies;

  bool is_strictly_serializable() const { return anomalies.empty(); }
};

struct transaction_judge_options {
  std::size_t told_of_each_kind = 4;
  /// Dependencies that a search for short cycles may look at. When it is used
  /// up a cycle is still told of, but there may be a shorter one, or one of a
  /// worse kind.
  std::size_t max_steps = 100'000'000;
};

/// Is the history strictly serializable? It is exactly if there is no anomaly:
/// then the dependencies are without a cycle, and any order that keeps them has
/// an answer for every read. A transaction of unknown outcome counts if anybody
/// saw an effect of it. `invalid` if it isn't a history: a return before its
/// call, a value that is appended to a key twice.
///
/// Pure, deterministic, one thread; time and memory in proportion to what was
/// read.
result<transaction_verdict> judge_transactions(
    const std::vector<transaction>& history,
    const transaction_judge_options& options = {});

} // namespace present::histories
