#pragma once

#include "actors/conflict/conflict_detector.hpp"
#include "actors/partition/conditions.hpp"
#include "storage/conflict_rules.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

/// What a write knows: from its author, and from the leader that admitted it.
namespace present {

/// What the leader that admitted a write found out about it by asking what the program
/// around it has registered (a policy, a migration, a merge function): results, and what
/// they were made of, never the asking (P1). A client's are thrown away.
struct write_findings {
  conflict::findings found;
  bool migrated = false; ///< the value is what a migration made of the author's
  /// What the space's custom function makes of the value and of what is there.
  bytes_ptr merged;
  hlc_stamp merged_of; ///< its version, 0 of nothing; another one at apply: done again
  std::string merge_problem; ///< why there is none, in plain words
  friend bool operator==(const write_findings& a, const write_findings& b) {
    return a.found == b.found && a.migrated == b.migrated && !a.merged == !b.merged
           && (!a.merged || *a.merged == *b.merged) && a.merged_of == b.merged_of
           && a.merge_problem == b.merge_problem;
  }
};

/// What the author of a write knew. Without any of it a write can't conflict, for the
/// leader stamps it above its log.
struct write_context {
  /// The version that the author read; 0: nothing was there.
  std::optional<hlc_stamp> base;
  /// When it was written, for imports and other regions.
  std::optional<storage::authorship> at;
  /// The highest stamp among its causes: it is written after those, or not at all.
  std::optional<hlc_stamp> after;
  /// The registered schema of the value; empty: the space's.
  std::string schema;
  /// Null but between admission and apply, and there only if the space wants it.
  std::shared_ptr<const write_findings> found;

  friend bool operator==(const write_context& a, const write_context& b) {
    return a.base == b.base && a.at == b.at && a.after == b.after && a.schema == b.schema
           && !a.found == !b.found && (!a.found || *a.found == *b.found);
  }
};

/// What somebody decided about a write that waited for it (C4). Takes an admin's
/// certificate.
struct settle_escalation {
  space_id space;
  std::string key;
  hlc_stamp write;     ///< which of them, as the list of them says
  bool accept = false; ///< it is written now; else it is dropped
  friend bool operator==(const settle_escalation&, const settle_escalation&) = default;
};

} // namespace present
