#pragma once

#include "runtime/base/splitmix64.hpp"
#include "storage/crdt/crdt_value.hpp"

#include <string>
#include <vector>

/// Replicas that change a value at random and hear of each other's changes at random.
namespace present::crdt {

class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return splitmix64(state_) % bound; }

private:
  std::uint64_t state_;
};

inline std::string any_name(dice& chance) {
  return std::string(1, static_cast<char>('a' + chance.below(4)));
}

struct any_change {
  replica_id by;
  std::uint64_t now; ///< rising
  dice& chance;

  crdt_value operator()(const g_counter& value) const {
    return *value.add(by, chance.below(5));
  }
  crdt_value operator()(const pn_counter& value) const {
    return *value.add(by, static_cast<std::int64_t>(chance.below(9)) - 4);
  }
  crdt_value operator()(const lww_register&) const {
    // Replicas' clocks differ: a later write may have an earlier stamp.
    const hlc_stamp at{1 + now / 2 + chance.below(4)};
    if (chance.below(4) == 0)
      return lww_register::write(at, by, {});
    return lww_register::write(at, by, any_name(chance) + std::to_string(now));
  }
  crdt_value operator()(const mv_register& value) const {
    return chance.below(5) == 0 ? value.clear() : value.write(by, any_name(chance));
  }
  crdt_value operator()(const or_set& value) const {
    switch (chance.below(6)) {
      case 0:
        return value.clear();
      case 1:
      case 2:
        return value.erase(any_name(chance));
      default:
        return value.insert(by, any_name(chance));
    }
  }
  crdt_value operator()(const or_map& value) const {
    switch (chance.below(5)) {
      case 0:
        return value.remove(any_name(chance));
      case 1:
        return value.erase(any_name(chance), any_name(chance));
      case 2:
        return value.write(by, any_name(chance), any_name(chance));
      default:
        return value.insert(by, any_name(chance), any_name(chance));
    }
  }
};

struct replicas {
  std::vector<crdt_value> values;
  std::vector<crdt_value> deltas; ///< all that were made
};

/// Each step a change, or a delta of any time, or a whole value, comes to a replica.
inline replicas run_replicas(value_kind what, std::size_t steps, dice& chance) {
  replicas made{std::vector<crdt_value>(4, empty_value(what)), {}};
  for (std::size_t step = 0; step < steps; ++step) {
    const auto at = chance.below(made.values.size());
    auto& here = made.values[at];
    const auto event = chance.below(4);
    if (event == 0 && !made.deltas.empty()) {
      join(here, made.deltas[chance.below(made.deltas.size())]);
    } else if (event == 1) {
      join(here, crdt_value{made.values[chance.below(made.values.size())]});
    } else {
      const auto delta = std::visit(any_change{{at + 1}, step, chance}, here);
      join(here, delta);
      made.deltas.push_back(delta);
    }
  }
  return made;
}

constexpr value_kind all_kinds[]
  = {value_kind::g_counter,   value_kind::pn_counter, value_kind::lww_register,
     value_kind::mv_register, value_kind::or_set,     value_kind::or_map};

} // namespace present::crdt
