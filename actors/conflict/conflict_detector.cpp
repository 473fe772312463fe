#include "actors/conflict/conflict_detector.hpp"

#include <array>
#include <type_traits>

namespace present::conflict {

namespace {

using verdict = std::optional<decision>; ///< empty: this is fine

refuse refused(conflict_kind because, error_code code, std::string message) {
  return {because, make_error(code, std::move(message))};
}

refuse version_refused(conflict_kind because, error_code code, const std::string& what,
                       hlc_stamp current) {
  auto made = refused(because, code,
                      what + (current.value == 0 ? "; nothing is there"
                                                 : "; there is " + to_string(current)));
  made.why.current_version = current.value;
  return made;
}

verdict check_time(const incoming_write& write, const partition_times& times) {
  if (write.at && write.at->stamp <= times.closed)
    return refused(conflict_kind::temporal, error_code::retroactive_write,
                   "a write at " + to_string(write.at->stamp)
                     + " is at or below the closed timestamp, " + to_string(times.closed)
                     + ": history doesn't change, write a correction");
  if (write.after && write.at && *write.after >= write.at->stamp)
    return refused(conflict_kind::temporal, error_code::invalid,
                   "a write at " + to_string(write.at->stamp) + " comes after "
                     + to_string(*write.after) + ", which is not before it");
  if (write.after && *write.after > times.latest)
    return wait_for{conflict_kind::temporal, *write.after};
  return std::nullopt;
}

verdict check_policy(const conflict_rules& rules, const findings& found) {
  switch (found.policy) {
    case policy_finding::denied:
      return refused(conflict_kind::policy, error_code::denied,
                     "refused by policy: " + found.policy_problem);
    case policy_finding::somebody_decides:
      return escalate{conflict_kind::policy,
                      found.escalation.empty() ? rules.escalation : found.escalation};
    default:
      return std::nullopt;
  }
}

verdict check_schema(const findings& found) {
  switch (found.schema) {
    case schema_finding::can_migrate:
      return migrate{};
    case schema_finding::incompatible:
      return refused(conflict_kind::schema, error_code::schema_incompatible,
                     "the value doesn't fit the space's schema: " + found.schema_problem);
    default:
      return std::nullopt;
  }
}

verdict check_read(const current_value& current, const incoming_write& write) {
  if (!write.read || *write.read == current.version)
    return std::nullopt;
  // Whatever the space's strategy: the transaction runs again with what is there now.
  return version_refused(conflict_kind::read_write, error_code::transaction_conflict,
                         "the transaction read version " + to_string(*write.read),
                         current.version);
}

authorship author_of(const current_value& current) {
  return current.at.value_or(authorship{current.version, 0});
}

/// Written by somebody who didn't know what is there.
bool is_blind(const current_value& current, const incoming_write& write) {
  if (write.base)
    return *write.base != current.version
           && !(current.is_removed && *write.base == hlc_stamp{});
  // A stamp alone says when, and not what its author saw.
  return write.at && current.version.value > 0;
}

/// The write is later than what is there. One without a stamp of its own always is:
/// the leader stamps it above its log.
bool is_later(const current_value& current, const incoming_write& write) {
  return !write.at || *write.at > author_of(current);
}

std::string story_of(const incoming_write& write) {
  return write.base ? "the write is based on version " + to_string(*write.base)
                    : "the write is of " + to_string(write.at->stamp);
}

decision resolve(const conflict_rules& rules, const current_value& current,
                 const incoming_write& write) {
  constexpr auto kind = conflict_kind::write_write;
  switch (rules.how) {
    case strategy::last_writer_wins:
      if (is_later(current, write))
        return accept{kind};
      return keep_current{kind};
    case strategy::first_writer_wins:
      if (!is_later(current, write))
        return accept{kind};
      if (write.at)
        return keep_current{kind};
      break; // its author is there and can be told
    case strategy::merge:
      return merge_both{kind, rules.merging, current.version};
    case strategy::escalate:
      return escalate{kind, rules.escalation};
    case strategy::reject:
      break;
  }
  return version_refused(kind, error_code::version_conflict, story_of(write),
                         current.version);
}

verdict check_write(const conflict_rules& rules, const current_value& current,
                    const incoming_write& write) {
  if (!is_blind(current, write))
    return std::nullopt;
  // The same change once more, from a region that didn't hear that it arrived.
  if (write.at && current.at && *write.at == *current.at)
    return keep_current{conflict_kind::write_write};
  return resolve(rules, current, write);
}

} // namespace

std::string_view to_string(conflict_kind what) {
  constexpr std::array<std::string_view, conflict_kinds> names{
    "write-write", "read-write", "schema", "policy", "temporal"};
  return names[static_cast<std::size_t>(what)];
}

std::string_view to_string(outcome_kind what) {
  constexpr std::array<std::string_view, outcome_kinds> names{
    "accept", "keep-current", "merge-both", "migrate", "wait-for", "escalate", "refuse"};
  return names[static_cast<std::size_t>(what)];
}

std::string_view outcome_of(const decision& what) {
  return to_string(static_cast<outcome_kind>(what.index()));
}

std::optional<note> note_of(const decision& what) {
  const auto because = conflict_of(what);
  if (!because)
    return std::nullopt;
  return note{*because, static_cast<outcome_kind>(what.index())};
}

numbered_note numbered(const std::optional<note>& what) {
  if (!what)
    return {};
  return {static_cast<std::uint8_t>(static_cast<unsigned>(what->because) + 1),
          static_cast<std::uint8_t>(what->then)};
}

std::optional<note> note_numbered(const numbered_note& what) {
  if (what.kind == 0 || what.kind > conflict_kinds || what.then >= outcome_kinds)
    return std::nullopt;
  return note{static_cast<conflict_kind>(what.kind - 1), static_cast<outcome_kind>(what.then)};
}

std::optional<conflict_kind> conflict_of(const decision& what) {
  return std::visit(
    []<class Outcome>(const Outcome& one) -> std::optional<conflict_kind> {
      if constexpr (std::is_same_v<Outcome, accept>)
        return one.despite;
      else
        return one.because;
    },
    what);
}

decision decide(const conflict_rules& rules, const current_value& current,
                const incoming_write& write, const partition_times& times,
                const findings& found) {
  if (auto late = check_time(write, times))
    return *late;
  if (auto ruled = check_policy(rules, found))
    return *ruled;
  if (auto misfit = check_schema(found))
    return *misfit;
  if (auto stale = check_read(current, write))
    return *stale;
  if (auto blind = check_write(rules, current, write))
    return *blind;
  return accept{};
}

std::string to_string(const conflict_rules& what) {
  switch (what.how) {
    case strategy::last_writer_wins:
      return "last-writer-wins";
    case strategy::first_writer_wins:
      return "first-writer-wins";
    case strategy::merge:
      return "merge:" + what.merging;
    case strategy::escalate:
      return what.escalation.empty() ? "escalate" : "escalate:" + what.escalation;
    case strategy::reject:
      break;
  }
  return "reject";
}

result<conflict_rules> parse_rules(std::string_view text) {
  constexpr std::string_view merge = "merge:";
  constexpr std::string_view escalate = "escalate:";
  if (text == "reject")
    return conflict_rules{};
  if (text == "last-writer-wins")
    return conflict_rules{strategy::last_writer_wins, {}, {}};
  if (text == "first-writer-wins")
    return conflict_rules{strategy::first_writer_wins, {}, {}};
  if (text == "escalate")
    return conflict_rules{strategy::escalate, {}, {}};
  if (text.starts_with(escalate) && text.size() > escalate.size())
    return conflict_rules{strategy::escalate, {}, std::string{text.substr(escalate.size())}};
  if (text.starts_with(merge)) {
    const auto how = text.substr(merge.size());
    if (how == "union" || how == "intersection" || how == "crdt"
        || (how.starts_with(custom_merge) && how.size() > custom_merge.size()))
      return conflict_rules{strategy::merge, std::string{how}, {}};
  }
  return make_error(error_code::invalid,
                    "conflict: '" + std::string{text}
                      + "' is none of reject, last-writer-wins, first-writer-wins, "
                        "merge:union, merge:intersection, merge:crdt, merge:custom:NAME, "
                        "escalate, escalate:PATH");
}

error too_early(hlc_stamp after, hlc_stamp latest) {
  return make_error(error_code::transaction_conflict,
                    "the write comes after " + to_string(after)
                      + ", which this partition hasn't seen: it is at " + to_string(latest));
}

} // namespace present::conflict
