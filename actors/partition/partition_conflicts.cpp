#include "actors/partition/mutant.hpp"
#include "actors/partition/partition_machine.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/partition/transaction_draft.hpp"

#include <string>
#include <string_view>
#include <utility>

/// What the partition's machine does about conflicts before a write is in the log: it
/// refuses authors' stamps that can't be, asks what the program has registered, and holds
/// back what comes after something unseen (I17, I18).
namespace present::partition {

namespace {

/// Of a sentence or a path that a rule says.
constexpr std::size_t max_finding_text = 512;

std::string too_long(const char* what, std::size_t bytes) {
  return std::string{what} + " made " + std::to_string(bytes) + " bytes; the limit is "
         + std::to_string(bounds::max_value);
}

/// At most so many bytes of UTF-8, and no part of a character.
std::size_t whole_characters(std::string_view text, std::size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U)
    --bytes;
  return bytes;
}

/// What users supply is bounded before it is logged, as what clients send is.
conflict::advice bounded(conflict::advice given) {
  for (auto* text : {&given.found.schema_problem, &given.found.policy_problem,
                     &given.found.escalation, &given.merge_problem})
    if (text->size() > max_finding_text)
      text->resize(whole_characters(*text, max_finding_text));
  if (given.migrated && given.migrated->size() > bounds::max_value) {
    given.found.schema = conflict::schema_finding::incompatible;
    given.found.schema_problem = too_long("the migration", given.migrated->size());
    given.migrated.reset();
  }
  if (given.merged && given.merged->size() > bounds::max_value) {
    given.merge_problem = too_long("the merge function", given.merged->size());
    given.merged.reset();
  }
  return given;
}

/// Of a transaction, or of the part that this partition has of one; null: it is none.
template <class Operation>
auto steps_of(Operation& asked) -> decltype(std::get_if<transact>(&asked.what)) {
  if (auto* whole = std::get_if<transact>(&asked.what))
    return whole;
  if (auto* prepares = std::get_if<prepare>(&asked.what))
    return &prepares->part;
  if (auto* decides = std::get_if<decide>(&asked.what))
    return &decides->part;
  return nullptr;
}

/// Whether it may have to be merged with what is at that version.
bool may_be_merged(const write_context& knows, hlc_stamp current) {
  return knows.at || (knows.base && *knows.base != current);
}

} // namespace

/// P21: a writer's stamp beyond the bound is never merged.
std::optional<error> partition_machine::refusal_of_authors(const event& input,
                                                           const request& what) const {
  const auto most = bounded_wall(input.wall_ms) + options_.max_clock_offset_ms;
  for (const auto& asked : what.operations)
    if (const auto* knows = context_of(asked); knows && knows->at)
      if (const auto wall_ms = knows->at->stamp.wall_ms(); wall_ms > most)
        return make_error(error_code::clock_skew,
                          "at: the stamp is " + std::to_string(wall_ms - most)
                            + " ms further ahead of this partition's clocks than the bound of "
                            + std::to_string(options_.max_clock_offset_ms) + " ms");
  return std::nullopt;
}

/// I18. Empty if the operation is as it should be logged.
std::optional<operation> partition_machine::advised(const operation& asked) const {
  if (const auto* steps = steps_of(asked))
    return advised_steps(asked, *steps);
  const auto* knows = context_of(asked);
  if (!knows)
    return std::nullopt;
  const auto* written = std::get_if<put>(&asked.what);
  const auto* removed = std::get_if<remove_key>(&asked.what);
  const auto space = written ? written->space : removed->space;
  const auto* rules = state_->settings_of(space);
  const bool wanted = rules && conflict::wants_advice(*rules);
  if (!wanted && !knows->found)
    return std::nullopt;
  auto changed = asked;
  auto& found
    = written ? std::get<put>(changed.what).knows.found
              : std::get<remove_key>(changed.what).knows.found;
  found = nullptr;
  const auto& key = written ? written->key : removed->key;
  const auto there
    = table_.get_as<storage::value_record>(storage::record_key::value(space, key));
  // What can't be read stops the replica when it is applied. Where the queue is full of what
  // rules have made, nobody is asked, and the write is refused for now (W4).
  if (!wanted || !there || gathered_.is_full())
    return changed;
  conflict::advised_write question{*rules, key, {}, {}, knows->schema};
  write_findings made;
  if (is_there(*there)) {
    question.current = (*there)->view();
    made.merged_of = (*there)->version;
  }
  if (written)
    question.written = written->value ? std::string_view{*written->value} : "";
  auto advice = bounded(options_.advisor ? options_.advisor->advise(question)
                                         : conflict::without_advisor(question));
  made.found = std::move(advice.found);
  made.merge_problem = std::move(advice.merge_problem);
  if (advice.merged && may_be_merged(*knows, made.merged_of))
    made.merged = std::make_shared<const std::string>(std::move(*advice.merged));
  if (advice.migrated && written) {
    made.migrated = true;
    std::get<put>(changed.what).value
      = std::make_shared<const std::string>(std::move(*advice.migrated));
  }
  found = std::make_shared<const write_findings>(std::move(made));
  return changed;
}

/// The same of a transaction, or of the part that this partition has of one.
std::optional<operation> partition_machine::advised_steps(const operation& asked,
                                                          const transact& steps) const {
  const auto& rules = state_->spaces();
  const bool wanted = has_ruled(steps.then, rules) || has_ruled(steps.otherwise, rules);
  if (!wanted && !steps.found)
    return std::nullopt;
  auto changed = asked;
  auto& part = *steps_of(changed);
  part.found = nullptr;
  if (wanted && gathered_.is_full()) // nobody is asked: refused for now (D4)
    part.found = std::make_shared<const transaction_findings>();
  else if (wanted)
    part.found = std::make_shared<const transaction_findings>(
      transaction_findings{judge(steps.then), judge(steps.otherwise)});
  return changed;
}

/// What was admitted before this leader had applied the rules of its spaces, which it may not
/// have while it takes over, would be refused as one of a program that has none to log.
void partition_machine::advise_late(std::vector<operation>& all) const {
  if (state_->spaces().empty())
    return;
  for (auto& each : all)
    if (const auto* steps = steps_of(each); steps && !steps->found)
      if (auto changed = advised_steps(each, *steps))
        each = std::move(*changed);
}

/// By what is there now. What can't be done, or read, comes to the same when it is applied.
branch_findings partition_machine::judge(const std::vector<present::step>& steps) const {
  branch_findings found;
  try {
    transaction_draft draft{table_, state_->spaces(), state_->latest()};
    if (draft.work_out_branch(steps, bounds::max_transaction_results, nullptr).code
        != error_code::ok)
      return found;
    for (const auto& [key, written] : draft.writes()) {
      const auto* rules = state_->settings_of(key.space());
      if (!rules || !is_judged(*rules))
        continue;
      const auto there = table_.get_as<storage::value_record>(key);
      if (!there)
        return {};
      conflict::advised_write question{*rules, key.user_key(), {}, {}, {}};
      if (is_there(*there))
        question.current = (*there)->view();
      if (!written.tombstone)
        question.written = written.bytes ? std::string_view{*written.bytes} : "";
      auto advice = bounded(options_.advisor ? options_.advisor->advise(question)
                                             : conflict::without_advisor(question));
      found.writes.push_back({written.step, is_there(*there) ? (*there)->version : hlc_stamp{}});
      found.found = std::move(advice.found);
      if (refusal_of_judged(*rules, key.user_key(), found.found))
        break;
    }
  } catch (const state_damaged&) {
    return {};
  }
  return found;
}

void partition_machine::admit_or_hold(time_ms now, const arrived& what, hlc_stamp seen,
                                      effects& out) {
  const auto patience = what.what->deadline_ms ? what.what->deadline_ms
                                               : bounds::default_deadline_ms;
  held_requests::held admitted{what.tag, what.what, what.is_traced, seen, now, now + patience,
                               what.only_in};
  const auto cause = cause_of(*what.what);
  if (cause <= state_->latest() || mutated(mutant::ignore_causes))
    return admit(admitted, false, out);
  // Somebody's write or, where nobody writes, an entry of its own closes what is before it.
  clock_.raise(cause);
  close_up_to_ = std::max(close_up_to_, cause);
  held_.hold(cause, std::move(admitted));
}

/// Nobody else has seen them, so they never will be applied.
void partition_machine::refuse_late_held(time_ms now, effects& out) {
  while (const auto held = held_.take_late(now)) {
    auto why = make_error(error_code::deadline,
                          "a write comes after " + std::to_string(cause_of(*held->what).value)
                            + ", which this partition hasn't seen: it is at "
                            + std::to_string(state_->latest().value));
    why.known = outcome::not_applied;
    refuse(held->tag, std::move(why), out);
  }
}

void partition_machine::release_held(effects& out) {
  while (phase_ == phase::leading) {
    const auto next = held_.take_ready(state_->latest());
    if (!next)
      return;
    admit(*next, true, out);
  }
}

} // namespace present::partition
