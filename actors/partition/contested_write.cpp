#include "actors/partition/contested_write.hpp"

#include "actors/conflict/write_advisor.hpp"
#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/typed_value.hpp"

#include <algorithm>

namespace present::partition {

namespace {

using storage::conflict_strategy;
using storage::value_record;

/// As its readers see it.
hlc_stamp version_of(const std::optional<value_record>& found) {
  return is_there(found) ? found->version : hlc_stamp{};
}

conflict::findings findings_of(const write_context& knows) {
  return knows.found ? knows.found->found : conflict::findings{};
}

conflict::decision decision_on(const storage::space_settings& space,
                               const contested_write& asked,
                               const std::optional<value_record>& there,
                               const conflict::partition_times& times) {
  conflict::current_value current;
  if (there)
    current = {there->version, there->at, there->tombstone};
  conflict::incoming_write write{asked.knows.base, asked.knows.at, asked.knows.after, {}};
  if (mutated(mutant::ignore_base))
    write.base.reset();
  return conflict::decide(space.conflicts, current, write, times, findings_of(asked.knows));
}

settled_write refused(answer given, std::optional<conflict::note> because) {
  given.conflict = because;
  return {std::move(given), {}, {}};
}

settled_write written(const contested_write& asked, storage::value_ptr bytes,
                      std::optional<storage::authorship> at) {
  settled_write done;
  done.given = applied_answer(asked.stamp);
  value_record made{asked.stamp, asked.is_removal, std::move(bytes)};
  made.at = at;
  done.written = std::move(made);
  return done;
}

/// The later of both: the merged value is as new as the newer one of them.
std::optional<storage::authorship> later_of(const contested_write& asked,
                                            const std::optional<value_record>& there) {
  if (!asked.knows.at)
    return std::nullopt;
  if (!there)
    return asked.knows.at;
  return std::max(*asked.knows.at, there->at.value_or(storage::authorship{there->version, 0}));
}

// -- merging ---------------------------------------------------------------------------

/// What the leader's function made, if it is still of what is there.
result<std::string> made_by_leader(const contested_write& asked,
                                   const std::optional<value_record>& there) {
  const auto* found = asked.knows.found.get();
  if (found && !found->merge_problem.empty())
    return make_error(error_code::invalid, found->merge_problem);
  if (!found || !found->merged || found->merged_of != version_of(there))
    return make_error(error_code::overloaded, "what is there changed while it was merged");
  return *found->merged;
}

result<std::string> merged(std::string_view how, const contested_write& asked,
                           const std::optional<value_record>& there) {
  const std::string_view mine = there->view();
  const std::string_view other = asked.bytes ? std::string_view{*asked.bytes} : "";
  if (mutated(mutant::merge_takes_written))
    return std::string{other};
  if (how == "union")
    return storage::union_of(mine, other);
  if (how == "intersection")
    return storage::intersection_of(mine, other);
  return made_by_leader(asked, there);
}

answer merge_refusal(const error& why, hlc_stamp there) {
  auto given = refused_answer(why.code, why.message);
  given.version = there;
  return given;
}

settled_write merge_into(std::string_view how, const contested_write& asked,
                         const std::optional<value_record>& there,
                         std::optional<conflict::note> because) {
  if (asked.is_removal)
    return refused(conflict_answer("a removal can't be merged with what is there: read it, "
                                   "and say by `base` which version is to go",
                                   version_of(there)),
                   conflict::note{conflict::conflict_kind::write_write,
                                  conflict::outcome_kind::refuse});
  // What was removed has nothing to be merged with.
  if (!is_there(there))
    return written(asked, asked.bytes, later_of(asked, there));
  auto made = merged(how, asked, there);
  if (!made)
    return refused(merge_refusal(made.problem(), version_of(there)), because);
  if (made->size() > bounds::max_value)
    return refused(refused_answer(error_code::too_large,
                                  "both become a value of " + std::to_string(made->size())
                                    + " bytes; the limit is "
                                    + std::to_string(bounds::max_value)),
                   because);
  auto done = written(asked, std::make_shared<const std::string>(std::move(*made)),
                      later_of(asked, there));
  done.given.conflict = because;
  return done;
}

/// W2. What isn't one, or of another kind, is refused.
settled_write join_into(const contested_write& asked,
                        const std::optional<value_record>& there,
                        std::optional<conflict::note> because) {
  auto made = joined(is_there(there) ? std::optional{there->view()} : std::nullopt,
                     asked.bytes ? std::string_view{*asked.bytes} : "");
  if (!made)
    return refused(merge_refusal(made.problem(), version_of(there)), std::nullopt);
  auto done = written(asked, std::make_shared<const std::string>(std::move(*made)),
                      later_of(asked, there));
  done.given.conflict = because;
  return done;
}

// -- outcomes --------------------------------------------------------------------------

settled_write escalated(const conflict::escalate& to, const contested_write& asked,
                        const std::optional<value_record>& there) {
  const bool by_policy = to.because == conflict::conflict_kind::policy;
  const auto found = findings_of(asked.knows);
  storage::escalated_write kept;
  kept.stamp = asked.stamp;
  kept.path = to.path;
  kept.reason = by_policy ? "policy: " + found.policy_problem
                          : "written without knowing what is there";
  kept.current = version_of(there);
  kept.tombstone = asked.is_removal;
  kept.bytes = asked.bytes;
  kept.at = asked.knows.at;
  settled_write done;
  done.given = refused_answer(by_policy ? error_code::denied : error_code::version_conflict,
                              "not written: it waits for "
                                + (to.path.empty() ? std::string{"somebody"} : to.path)
                                + " to decide, as " + std::to_string(asked.stamp.value));
  done.given.version = version_of(there);
  done.escalated = std::move(kept);
  return done;
}

settled_write accepted(const storage::space_settings& space, const contested_write& asked,
                       const std::optional<value_record>& there,
                       std::optional<conflict::note> because) {
  if (!because && asked.knows.found && asked.knows.found->migrated)
    because = conflict::note{conflict::conflict_kind::schema, conflict::outcome_kind::migrate};
  if (joins_all(space) && !asked.is_removal)
    return join_into(asked, there, because);
  // A removal with a stamp is remembered even where nothing is: what it removes may come
  // later from elsewhere.
  if (asked.is_removal && !is_there(there) && !asked.knows.at)
    return {not_found_answer(asked.key), {}, {}};
  auto done = written(asked, asked.is_removal ? nullptr : asked.bytes, asked.knows.at);
  done.given.conflict = because;
  return done;
}

} // namespace

bool joins_all(const storage::space_settings& space) {
  return space.conflicts.how == conflict_strategy::merge && space.conflicts.merging == "crdt";
}

result<std::string> joined(std::optional<std::string_view> there, std::string_view delta) {
  auto made = !there || mutated(mutant::merge_takes_written) ? crdt::checked(delta)
                                                             : crdt::join_stored(*there, delta);
  if (!made && made.problem().code == error_code::damaged)
    return make_error(error_code::invalid, "the value: the space keeps CRDTs, and this is none: "
                                             + made.problem().message);
  return made;
}

settled_write settle(const storage::space_settings& space, const contested_write& asked,
                     const std::optional<value_record>& there,
                     const conflict::partition_times& times) {
  // Admitted before the leader had the space's rules, or when it had no room for what they
  // make: they are asked once more.
  if (conflict::wants_advice(space) && !asked.knows.found)
    return refused(refused_answer(error_code::overloaded,
                                  "the space's rules weren't asked when it was admitted"),
                   std::nullopt);
  const auto decided = decision_on(space, asked, there, times);
  const auto because = note_of(decided);
  return std::visit(
    overloaded{
      [&](const conflict::accept&) { return accepted(space, asked, there, because); },
      [&](const conflict::keep_current&) {
        auto given = applied_answer(there->version);
        given.conflict = because;
        return settled_write{std::move(given), {}, {}};
      },
      [&](const conflict::merge_both& how) {
        return joins_all(space) && !asked.is_removal
                 ? join_into(asked, there, because)
                 : merge_into(how.merging, asked, there, because);
      },
      [&](const conflict::migrate&) {
        // A leader logs what its migration made, and never that it could.
        return refused(refused_answer(error_code::schema_incompatible,
                                      "the value wasn't migrated before it was logged"),
                       because);
      },
      [&](const conflict::wait_for& cause) {
        const auto why = conflict::too_early(cause.stamp, times.latest);
        return refused(refused_answer(why.code, why.message), because);
      },
      [&](const conflict::escalate& to) {
        auto done = escalated(to, asked, there);
        done.given.conflict = because;
        return done;
      },
      [&](const conflict::refuse& what) {
        auto given = refused_answer(what.why.code, what.why.message);
        given.version = {what.why.current_version};
        return refused(std::move(given), because);
      },
    },
    decided);
}

} // namespace present::partition
