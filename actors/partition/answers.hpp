#pragma once

#include "actors/partition/operation.hpp"
#include "storage/record.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The sentences of the state machine, and the checks that need no state.
namespace present::partition {

answer applied_answer(hlc_stamp version);
answer refused_answer(error_code code, std::string message);
answer not_found_answer(std::string_view key);

/// The limits of INTERFACE.md on what `asked` brings, and that its place is the
/// right one; empty if it may go on. Depends on the operation alone, so it is
/// the same at admission and when applied.
std::optional<error> limit_broken_by(const operation& asked);

/// The refusal if `when` does not hold of what was found (tombstones are
/// absence); empty if it holds.
std::optional<answer>
refusal_by(const condition& when, const std::optional<storage::value_record>& found);

} // namespace present::partition
