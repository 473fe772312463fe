#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "storage/conflict_rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Is a write in conflict with what is there, and what becomes of it (C1 to C5)? Pure:
/// everything that the answer depends on is an argument, so that it can be decided at
/// apply, in log order, on every replica alike (P1).
///
/// What users supply (a migration, a policy, a merge function) has run before, at the
/// leader, and comes here as what it found; what it makes is logged with the version
/// that it was made of, and applied as a compare-and-set.
namespace present::conflict {

enum class conflict_kind : std::uint8_t {
  write_write, ///< C1: written without knowing what is there
  read_write,  ///< C2: what its transaction read has changed
  schema,      ///< C3: not what the space's readers can read
  policy,      ///< C4: a rule wants somebody to decide
  temporal,    ///< C5: before its cause, or where history is closed
};
constexpr std::size_t conflict_kinds = 5;

/// "write-write": also a metric's label.
std::string_view to_string(conflict_kind what);

using strategy = storage::conflict_strategy;
using storage::authorship;
using storage::conflict_rules;

/// What is there; a version of 0: nothing ever was.
struct current_value {
  hlc_stamp version;
  std::optional<authorship> at; ///< if it came with one; else the version counts
  bool is_removed = false;      ///< its readers find nothing
};

struct incoming_write {
  /// The version that its author read; 0: nothing was there.
  std::optional<hlc_stamp> base;
  /// Of imports and other regions.
  std::optional<authorship> at;
  /// The highest stamp of this partition among its causes.
  std::optional<hlc_stamp> after;
  /// The version of this key that its transaction read.
  std::optional<hlc_stamp> read;
};

struct partition_times {
  hlc_stamp latest; ///< highest stamp applied
  hlc_stamp closed; ///< history up to here doesn't change any more (T1, P22)
};

enum class schema_finding : std::uint8_t { fits, can_migrate, incompatible };
enum class policy_finding : std::uint8_t { allowed, denied, somebody_decides };

struct findings {
  schema_finding schema = schema_finding::fits;
  std::string schema_problem; ///< `incompatible`: in plain words
  policy_finding policy = policy_finding::allowed;
  std::string policy_problem; ///< unless it is allowed: which rule
  std::string escalation;     ///< `somebody_decides`: to whom; empty: the space's
  friend bool operator==(const findings&, const findings&) = default;
};

// -- what becomes of the write ---------------------------------------------------------

/// It is written; if there was a conflict, it won.
struct accept {
  std::optional<conflict_kind> despite;
};
/// It came before what is there: nothing is written, and that isn't an error.
struct keep_current {
  conflict_kind because = conflict_kind::write_write;
};
/// What the function makes of both is written, if `version` is still there then.
struct merge_both {
  conflict_kind because = conflict_kind::write_write;
  std::string merging;
  hlc_stamp version;
};
/// What the migration makes of it goes through the detector again.
struct migrate {
  conflict_kind because = conflict_kind::schema;
};
/// Until this stamp is applied here, or history is closed up to it. At apply there is no
/// waiting: the leader asks before it proposes, and a replica refuses it with `too_early`.
struct wait_for {
  conflict_kind because = conflict_kind::temporal;
  hlc_stamp stamp;
};
struct escalate {
  conflict_kind because = conflict_kind::policy;
  std::string path;
};
struct refuse {
  conflict_kind because = conflict_kind::write_write;
  error why;
};

using decision = std::variant<accept, keep_current, merge_both, migrate, wait_for, escalate,
                              refuse>;

/// "accept", "merge-both": also a metric's label.
std::string_view outcome_of(const decision& what);
/// Empty where there was no conflict.
std::optional<conflict_kind> conflict_of(const decision& what);

/// What is told of a conflict, counted and traced: `decision`'s alternatives.
enum class outcome_kind : std::uint8_t {
  accept,
  keep_current,
  merge_both,
  migrate,
  wait_for,
  escalate,
  refuse,
};
constexpr std::size_t outcome_kinds = std::variant_size_v<decision>;
std::string_view to_string(outcome_kind what);

struct note {
  conflict_kind because = conflict_kind::write_write;
  outcome_kind then = outcome_kind::accept;
  friend bool operator==(const note&, const note&) = default;
};
/// Empty where there was no conflict.
std::optional<note> note_of(const decision& what);

/// As it is stored and sent; and back: empty for what this program doesn't know.
struct numbered_note {
  std::uint8_t kind = 0; ///< + 1; 0: there was no conflict
  std::uint8_t then = 0;
};
numbered_note numbered(const std::optional<note>& what);
std::optional<note> note_numbered(const numbered_note& what);

/// A merge by a function that the program registers: its name stands behind it.
inline constexpr std::string_view custom_merge = "custom:";

/// "merge:union", "escalate:path", as commands and HTTP have a space's rules; and back:
/// `invalid` for what is none.
std::string to_string(const conflict_rules& what);
result<conflict_rules> parse_rules(std::string_view text);

/// In this order, the first that isn't fine decides:
///
///   temporal ─▶ policy ─▶ schema ─▶ read–write ─▶ write–write ─▶ accept
///
/// I1  A write that carries nothing and breaks no rule is accepted: the leader stamps it
///     above all that is there.
/// I2  The same write against the same value is decided the same way by all replicas,
///     and of two with `at`, whichever arrives first, the same one is there at the end,
///     unless the space rejects or escalates.
decision decide(const conflict_rules& rules, const current_value& current,
                const incoming_write& write, const partition_times& times,
                const findings& found);

/// What a replica answers to a write whose cause it hasn't applied; to be tried again.
error too_early(hlc_stamp after, hlc_stamp latest);

} // namespace present::conflict
