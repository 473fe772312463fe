#pragma once

#include "runtime/base/splitmix64.hpp"
#include "tools/histories/operation.hpp"

#include <cstdint>
#include <vector>

namespace present::histories {

/// The same history for the same seed.
class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return splitmix64(state_) % bound; }
  bool percent(std::uint64_t chance) { return below(100) < chance; }

private:
  std::uint64_t state_;
};

struct history_plan {
  key_kind kind = key_kind::single_value;
  std::size_t operations = 8;
  std::uint32_t clients = 3;
  std::uint32_t keys = 1;
  std::uint64_t lost_percent = 10;
  std::uint64_t read_percent = 50;
  /// Values come from this many; 0: each is written once.
  std::uint64_t values = 0;
};

/// What clients would see of keys that one machine keeps, one operation at a time:
/// each takes effect at some moment between its call and its return. So it is
/// linearizable by construction.
std::vector<operation> generate_history(const history_plan& plan, dice& chance);

/// One answer, one time or one operation is not what it was.
void damage(std::vector<operation>& history, dice& chance);

} // namespace present::histories
