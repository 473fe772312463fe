#pragma once

#include "actors/partition/operation.hpp"
#include "storage/record.hpp"

#include <optional>
#include <string_view>
#include <vector>

/// What the rules of spaces have to do with what transactions write. All such writes are based
/// on what the transaction has read, or on what is there when it is applied: no strategy
/// for conflicts is asked. What holds for any write holds for them:
///
///   policy, schema  the leader asks what its program has registered about each value that a
///                   branch comes to, and logs what it heard with the version that it was asked
///                   of: a compare-and-set, as for single writes (P1). One that isn't allowed, or
///                   that somebody would have to decide, refuses the whole.
///   CRDTs           a put is joined with what is there.
///
/// Pure.
namespace present::partition {

/// How values are kept, of spaces of which that isn't as by default; rising.
using space_rules = std::vector<storage::owned_space>;
/// Null: as by default.
const storage::space_settings* rules_of(const space_rules& all, space_id space);

/// By a policy or a schema.
bool is_judged(const storage::space_settings& space);
/// Any write among them goes into a space that is judged, or that keeps CRDTs: the leader
/// logs findings with it, if only to say that there are none to be had.
bool has_ruled(const std::vector<step>& steps, const space_rules& rules);
/// Of programs before state machine version 3, whose entries have no findings: they refused
/// such steps, and who applies those entries has to do the same (P1).
std::optional<answer> refusal_without_findings(const transact& what, const space_rules& rules);

/// Why that may not be written, by what was found; empty if it may.
std::optional<answer> refusal_of_judged(const storage::space_settings& space,
                                        std::string_view key, const conflict::findings& found);

} // namespace present::partition
