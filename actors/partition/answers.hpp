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
/// `there` is the version that stands in the way; 0: no such key.
answer conflict_answer(std::string message, hlc_stamp there);
answer not_found_answer(std::string_view key);
answer not_mine_answer();

/// The limits of INTERFACE.md on what `asked` brings, and that its place is the
/// right one; empty if it may go on. Depends on the operation alone, so it is
/// the same at admission and when applied.
std::optional<error> limit_broken_by(const operation& asked);

/// The refusal if `when` does not hold of what was found (tombstones are
/// absence); empty if it holds.
std::optional<answer>
refusal_by(const condition& when, const std::optional<storage::value_record>& found);

std::string space_exists_sentence(std::string_view name);
std::string no_space_sentence(std::string_view name);

/// The sentence that an operation was refused with, from what is remembered of it.
std::string sentence_again(const operation& asked, error_code code, hlc_stamp there);

} // namespace present::partition
