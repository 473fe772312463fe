#include "storage/crdt/registers.hpp"

#include <set>
#include <tuple>

namespace present::crdt {

void lww_register::join(const lww_register& other) {
  // The value last: all agree, even if two writes have one stamp and one replica.
  const auto order = [](const lww_register& one) {
    return std::tie(one.at, one.by, one.value);
  };
  if (order(*this) < order(other))
    *this = other;
}

mv_register mv_register::clear() const {
  mv_register delta;
  for (const auto& [one, value] : writes)
    delta.context.add(one);
  return delta;
}

mv_register mv_register::write(replica_id by, std::string value) const {
  auto delta = clear();
  const auto next = context.next(by);
  delta.writes.emplace(next, std::move(value));
  delta.context.add(next);
  return delta;
}

std::vector<std::string> mv_register::values() const {
  std::set<std::string> different;
  for (const auto& [one, value] : writes)
    different.insert(value);
  return {different.begin(), different.end()};
}

void mv_register::join(const mv_register& other) {
  crdt::join(writes, context, other.writes, other.context);
  context.join(other.context);
}

} // namespace present::crdt
