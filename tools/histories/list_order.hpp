#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/transaction_judge.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// In which order lists grew, as far as anybody saw. Each read of a list is a
/// beginning of what the list is at the end, so the longest one has the order
/// of all that was ever seen. What doesn't fit is an anomaly that needs no look
/// at a second key.
namespace present::histories {

struct append_source {
  std::uint32_t transaction = 0;
  std::uint32_t ordinal = 0; ///< among the transaction's appends to the key
  bool is_last = true;       ///< of them
};

/// A read that says what was there before its transaction: nothing in it is its
/// own.
struct outside_read {
  std::uint32_t transaction = 0;
  std::size_t length = 0; ///< of `list_order::seen`
};

struct list_order {
  std::string_view key;
  std::unordered_map<std::int64_t, append_source> sources;
  std::vector<std::int64_t> seen;
  std::vector<outside_read> reads;
  /// Committed transactions with an append that no read has: they come after
  /// all that was seen, in no order among themselves.
  std::vector<std::uint32_t> unseen;
};

struct list_orders {
  std::vector<list_order> keys;
  /// Committed, or of unknown outcome and seen.
  std::vector<bool> took_effect;
  std::size_t unknown_seen = 0;
  std::array<std::size_t, anomaly_kinds> counts{};
  std::vector<anomaly> anomalies; ///< some of each kind
};

/// `invalid` where a value is appended to a key twice. The history outlives
/// what is made of it.
result<list_orders> orders_in(const std::vector<transaction>& history,
                              std::size_t told_of_each_kind);

/// "transaction 17"; places in the history, from 0.
std::string name_of(std::size_t transaction);

} // namespace present::histories
