#pragma once

#include "storage/crdt/dots.hpp"

#include <map>
#include <string>
#include <vector>

namespace present::crdt {

/// A set in which an insertion wins over a removal that didn't know of it: what is
/// removed are the insertions that were seen (*observed remove*).
struct or_set {
  std::map<std::string, dot_set> members; ///< all dots in `context`, none empty
  causal_context context;

  or_set insert(replica_id by, const std::string& member) const;
  or_set erase(const std::string& member) const;
  or_set clear() const;

  bool contains(const std::string& member) const { return members.contains(member); }
  std::vector<std::string> values() const;

  void join(const or_set& other);
  friend bool operator==(const or_set&, const or_set&) = default;
};

/// A map from names to fields, each of which keeps what was written to it side by side
/// (a register) or is a set. A name may be both; a field is there while anything is in
/// it. A change wins over a removal that didn't know of it.
struct or_map {
  std::map<std::string, dot_values> registers; ///< as in mv_register
  std::map<std::string, std::map<std::string, dot_set>> sets; ///< as in or_set
  causal_context context; ///< of all fields together

  or_map write(replica_id by, const std::string& field, std::string value) const;
  or_map insert(replica_id by, const std::string& field, const std::string& member) const;
  or_map erase(const std::string& field, const std::string& member) const;
  /// All that is in the field.
  or_map remove(const std::string& field) const;

  /// Rising, each once.
  std::vector<std::string> values(const std::string& field) const;
  std::vector<std::string> members(const std::string& field) const;
  std::vector<std::string> fields() const;

  void join(const or_map& other);
  friend bool operator==(const or_map&, const or_map&) = default;
};

} // namespace present::crdt
