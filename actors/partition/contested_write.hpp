#pragma once

#include "actors/conflict/conflict_detector.hpp"
#include "actors/partition/operation.hpp"
#include "storage/record.hpp"

#include <optional>
#include <string>

/// What becomes of one put or one delete by the rules of its space (L3, C1 to C5): what
/// the conflict detector decides, made into what is written and what is answered. Pure,
/// at apply: the same on every replica (P1).
///
///     condition ─▶ time ─▶ policy ─▶ schema ─▶ write–write ─▶ written │ kept │ merged
///                                                             │ escalated │ refused
///
/// W1  A write that is answered with an error writes no value; one that is escalated is
///     kept whole in the escalation, so that nothing of it is lost.
/// W2  In a space of CRDTs each put is joined with what is there, whatever it knows:
///     nothing that was heard of is forgotten.
/// W3  A removal is never merged: it says nothing of what else there is to keep.
///
/// W4  What a space's rules want to be asked is asked before anything is written: a write
///     that was admitted before the leader had those rules is refused for now.
///
/// What a program registers (merge functions, migrations, policies) is asked by the leader
/// alone when it admits the write, and comes here as its result with the version that it
/// was made of: a compare-and-set. So replicas can't differ by what their programs have
/// registered, nor by a function that isn't deterministic; only a leader needs it. The
/// other way, each replica running the function, would need the same function everywhere
/// before the first write, and would make each mistake in it a replica that differs.
namespace present::partition {

/// Writes that may wait of one key, and their bytes together: beyond it they are refused.
inline constexpr std::size_t max_escalated = 8;
inline constexpr std::size_t max_escalated_bytes = bounds::max_value;

struct contested_write {
  std::string_view key;
  bool is_removal = false;
  storage::value_ptr bytes;
  const write_context& knows;
  hlc_stamp stamp; ///< of its entry
};

struct settled_write {
  answer given;
  std::optional<storage::value_record> written;
  std::optional<storage::escalated_write> escalated; ///< to be kept with those of its key
};

/// `there`: what the table has, tombstones too.
settled_write settle(const storage::space_settings& space, const contested_write& asked,
                     const std::optional<storage::value_record>& there,
                     const conflict::partition_times& times);

/// The space's values are CRDTs (W2).
bool joins_all(const storage::space_settings& space);

/// A write that needs `settle`: it says what its author knew, or its space has rules.
inline bool is_contested(const storage::space_settings* space, const write_context& knows) {
  return space || knows != write_context{};
}

/// What is there, if anything, and a delta become together (W2). `invalid` if it is none, or
/// of another kind.
result<std::string> joined(std::optional<std::string_view> there, std::string_view delta);

} // namespace present::partition
