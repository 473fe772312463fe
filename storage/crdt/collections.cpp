#include "storage/crdt/collections.hpp"

#include <set>

namespace present::crdt {

namespace {

void add_all(causal_context& to, const dot_set& dots) {
  for (const auto& one : dots)
    to.add(one);
}

/// The dots of what stands under a name, or of nothing.
void add_under(causal_context& to, const std::map<std::string, dot_set>& members,
               const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end())
    add_all(to, found->second);
}

template <class Store>
std::vector<std::string> names_in(const std::map<std::string, Store>& all) {
  std::vector<std::string> names;
  for (const auto& [name, store] : all)
    names.push_back(name);
  return names;
}

} // namespace

// -- or_set --------------------------------------------------------------------------

or_set or_set::erase(const std::string& member) const {
  or_set delta;
  add_under(delta.context, members, member);
  return delta;
}

or_set or_set::insert(replica_id by, const std::string& member) const {
  // One dot is enough for a member: the new one takes the place of the others.
  auto delta = erase(member);
  const auto next = context.next(by);
  delta.members[member].insert(next);
  delta.context.add(next);
  return delta;
}

or_set or_set::clear() const {
  or_set delta;
  for (const auto& [member, dots] : members)
    add_all(delta.context, dots);
  return delta;
}

std::vector<std::string> or_set::values() const {
  return names_in(members);
}

void or_set::join(const or_set& other) {
  crdt::join(members, context, other.members, other.context);
  context.join(other.context);
}

// -- or_map --------------------------------------------------------------------------

or_map or_map::write(replica_id by, const std::string& field, std::string value) const {
  or_map delta;
  const auto found = registers.find(field);
  if (found != registers.end())
    for (const auto& [one, before] : found->second)
      delta.context.add(one);
  const auto next = context.next(by);
  delta.registers[field].emplace(next, std::move(value));
  delta.context.add(next);
  return delta;
}

or_map or_map::erase(const std::string& field, const std::string& member) const {
  or_map delta;
  const auto found = sets.find(field);
  if (found != sets.end())
    add_under(delta.context, found->second, member);
  return delta;
}

or_map or_map::insert(replica_id by, const std::string& field,
                      const std::string& member) const {
  auto delta = erase(field, member);
  const auto next = context.next(by);
  delta.sets[field][member].insert(next);
  delta.context.add(next);
  return delta;
}

or_map or_map::remove(const std::string& field) const {
  or_map delta;
  const auto written = registers.find(field);
  if (written != registers.end())
    for (const auto& [one, value] : written->second)
      delta.context.add(one);
  const auto filled = sets.find(field);
  if (filled != sets.end())
    for (const auto& [member, dots] : filled->second)
      add_all(delta.context, dots);
  return delta;
}

std::vector<std::string> or_map::values(const std::string& field) const {
  const auto found = registers.find(field);
  if (found == registers.end())
    return {};
  std::set<std::string> different;
  for (const auto& [one, value] : found->second)
    different.insert(value);
  return {different.begin(), different.end()};
}

std::vector<std::string> or_map::members(const std::string& field) const {
  const auto found = sets.find(field);
  return found == sets.end() ? std::vector<std::string>{} : names_in(found->second);
}

std::vector<std::string> or_map::fields() const {
  std::set<std::string> names;
  for (const auto& [name, store] : registers)
    names.insert(name);
  for (const auto& [name, store] : sets)
    names.insert(name);
  return {names.begin(), names.end()};
}

void or_map::join(const or_map& other) {
  crdt::join(registers, context, other.registers, other.context);
  crdt::join(sets, context, other.sets, other.context);
  context.join(other.context);
}

} // namespace present::crdt
