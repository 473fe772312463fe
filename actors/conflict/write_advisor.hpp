#pragma once

#include "actors/conflict/conflict_detector.hpp"
#include "storage/record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace present::conflict {

struct advised_write {
  const storage::space_settings& space;
  std::string_view key;
  std::optional<std::string_view> current; ///< empty: nothing is there
  std::optional<std::string_view> written; ///< empty: a removal
  std::string_view schema;                 ///< of what is written; empty: the space's
};

struct advice {
  findings found;
  std::optional<std::string> migrated; ///< in place of what is written
  /// What the space's custom function makes of what is there and of what is written, after
  /// a migration; or why it makes nothing.
  std::optional<std::string> merged;
  std::string merge_problem;
};

/// What the program around a partition has registered, for the leader that admits a write
/// (P1): asked once for each, in the partition's thread, so what it calls should take
/// microseconds. Whatever it answers is logged; it need not be deterministic.
class write_advisor {
public:
  virtual ~write_advisor() = default;
  virtual advice advise(const advised_write& what) const = 0;
};

/// Whether anybody need be asked about a write to this space.
inline bool wants_advice(const storage::space_settings& space) {
  return !space.policy.empty() || !space.schema.empty()
         || space.conflicts.merging.starts_with(custom_merge);
}

/// In words: "the schema 'order' isn't registered with …".
std::string not_registered(const std::string& what, const std::string& name);

/// Of a program that has registered nothing: what the space wants is missing.
advice without_advisor(const advised_write& what);

} // namespace present::conflict
