#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/operation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a workload does, and what is done to the cluster meanwhile. Pure.
namespace present::tools {

enum class workload_kind : std::uint8_t { single_value, counter, set, append, bank };

/// Its clients run transactions over all keys.
inline bool has_transactions(workload_kind kind) {
  return kind == workload_kind::append || kind == workload_kind::bank;
}

/// "register", "counter", "set", "append", "bank"; empty for other names.
std::optional<workload_kind> workload_kind_named(std::string_view name);

enum class fault_kind : std::uint8_t {
  kill,       ///< SIGKILL; whoever supervises the node starts it again
  pause,      ///< SIGSTOP for a while
  partition,  ///< a node, or a link, is cut off both ways
  one_way,    ///< in one direction only
  delay,      ///< between us and the nodes
  reply_loss, ///< requests arrive, replies don't
  skew,       ///< a node is started with another wall clock
};

std::string_view to_string(fault_kind what);

/// "kill,pause,one-way". `invalid` names the word that is none of them.
result<std::vector<fault_kind>> parse_faults(const std::string& list);

struct workload_plan {
  workload_kind kind = workload_kind::single_value;
  std::string space;
  std::uint32_t clients = 16;
  std::uint64_t keys = 10;
  std::uint64_t seed = 1;
  std::uint32_t call_deadline_ms = 5000;
  /// Of all clients together: a bound on the memory that a history takes.
  std::uint64_t max_operations = 5'000'000;
};

// -- which fault, when, to whom ------------------------------------------------------

enum class fault_target : std::uint8_t { leader, any };

struct fault_order {
  fault_kind what = fault_kind::kill;
  fault_target whom = fault_target::leader;
  std::uint32_t quiet_ms = 0; ///< before it
  std::uint32_t hold_ms = 0;  ///< until it is healed
  std::uint64_t chance = 0;   ///< for what else is to be chosen
};

/// One fault at a time, the kinds in turn, two in three at a leader: each healed
/// before the next, so that a cluster of three always could go on. The same orders
/// for the same seed.
class fault_schedule {
public:
  fault_schedule(std::vector<fault_kind> kinds, std::uint64_t seed)
      : kinds_(std::move(kinds)), random_(seed) {}

  bool is_empty() const { return kinds_.empty(); }
  fault_order next();

private:
  std::uint64_t draw(std::uint64_t least, std::uint64_t most);

  std::vector<fault_kind> kinds_;
  std::uint64_t random_;
  std::size_t given_ = 0;
};

} // namespace present::tools
