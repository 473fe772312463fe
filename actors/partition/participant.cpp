#include "actors/partition/participant.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/session_table.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/partition/transaction_draft.hpp"
#include "actors/partition/transaction_plan.hpp"
#include "runtime/base/bounds.hpp"

#include <algorithm>
#include <utility>

namespace present::partition {

using storage::record_key;

namespace {

/// What ends was decided or pushed here, or somebody has tried to prepare it, one by one, and an
/// entry does that with at most as many as it has operations: in the long run collecting
/// outpaces it.
constexpr std::size_t forgotten_per_entry = 2 * bounds::max_entry_operations;

answer late_answer(const transaction_terms& terms) {
  return refused_answer(error_code::transaction_conflict,
                        "the transaction's time is over: its deadline was "
                          + std::to_string(terms.deadline.wall_ms()));
}

answer too_much_answer() {
  return refused_answer(error_code::too_large,
                        "the transaction reads over "
                          + std::to_string(bounds::max_transaction_results)
                          + " bytes in all its partitions: ask for fewer keys");
}

answer refusal_of(const known_end& end) {
  return refused_answer(error_code::transaction_conflict,
                        end.committed ? "the transaction was committed before"
                                      : "the transaction was aborted: it took too long");
}

answer word_on(const known_end& end) {
  if (!end.committed)
    return refusal_of(end);
  auto given = applied_answer(end.stamp);
  given.otherwise = end.otherwise;
  return given;
}

/// What is locked shared: all that it read, compares, or names.
std::vector<storage::key_name> names_read(const transact& part) {
  std::vector<storage::key_name> names;
  visit_places(
    part, [&](space_id space, const std::string& key) { names.push_back({space, key}); },
    [](space_id, const std::string&, const std::string&) {});
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (mutated(mutant::forget_compared))
    for (const auto& one : part.compare)
      std::erase(names, storage::key_name{one.space, one.key});
  return names;
}

std::vector<storage::key_range> ranges_read(const transact& part) {
  std::vector<storage::key_range> ranges;
  visit_places(
    part, [](space_id, const std::string&) {},
    [&](space_id space, const std::string& first, const std::string& last) {
      ranges.push_back({space, first, last});
    });
  return ranges;
}

std::vector<storage::intended_write> writes_of(const transaction_draft& draft) {
  std::vector<storage::intended_write> writes;
  for (const auto& [key, written] : draft.writes())
    writes.push_back(
      {{key.space(), std::string{key.user_key()}}, written.tombstone, written.bytes});
  return writes;
}

/// With its locks on what it read; what it comes to is filled in.
storage::prepared_record record_of(const prepare& asked, hlc_stamp stamp) {
  storage::prepared_record record;
  record.client = asked.terms.id.client;
  record.number = asked.terms.id.number;
  record.home = {asked.terms.home.space, asked.terms.home.key};
  record.start = asked.terms.start;
  record.deadline = asked.terms.deadline;
  record.stamp = stamp;
  record.reads = names_read(asked.part);
  record.ranges = ranges_read(asked.part);
  return record;
}

answer prepared_answer(const storage::prepared_record& record) {
  auto given = applied_answer(record.stamp);
  given.steps = record.steps;
  if (!record.otherwise)
    return given;
  given.otherwise = record.otherwise->is_certain;
  auto told = *record.otherwise;
  told.writes.clear();
  given.branch = std::make_shared<const storage::other_branch>(std::move(told));
  return given;
}

/// Works the branches of a part out into its record.
class part_draft {
public:
  part_draft(const transact& part, const storage::state& table, const space_rules& rules,
             storage::prepared_record& record)
      : part_(part), table_(table), rules_(rules), record_(record) {}

  /// The refusal, if it can't prepare.
  std::optional<answer> fill_in() {
    transaction_draft draft{table_, rules_, record_.stamp};
    auto given = draft.work_out(part_, bounds::max_transaction_results);
    if (given.code != error_code::ok)
      return given;
    record_.writes = writes_of(draft);
    record_.steps = std::move(given.steps);
    return std::nullopt;
  }

  /// Both branches: which is taken is home's to say. The first, only if it can be.
  std::optional<answer> fill_in_both() {
    const transaction_draft looks{table_, rules_, record_.stamp};
    if (auto refused = looks.check_seen(part_))
      return refused;
    storage::other_branch other;
    other.is_certain = !looks.holds(part_);
    if (!other.is_certain)
      other.of_first = take(false, record_.writes, record_.steps);
    other.of_this = take(true, other.writes, other.steps);
    for (const auto& problem : {other.of_first, other.of_this})
      if (problem.code == error_code::overloaded) // D4: it may come again
        return refused_answer(problem.code, problem.message);
    record_.otherwise = std::make_shared<const storage::other_branch>(std::move(other));
    return std::nullopt;
  }

private:
  /// Why it can't be taken, if so, and then nothing else.
  storage::branch_problem take(bool second, std::vector<storage::intended_write>& writes,
                               storage::step_results& results) {
    transaction_draft draft{table_, rules_, record_.stamp};
    auto given = draft.work_out_branch(second ? part_.otherwise : part_.then,
                                       bounds::max_transaction_results,
                                       &part_.findings_of(second));
    if (given.code != error_code::ok)
      return {given.code, std::move(given.message)};
    writes = writes_of(draft);
    results = std::move(given.steps);
    return {};
  }

  const transact& part_;
  const storage::state& table_;
  const space_rules& rules_;
  storage::prepared_record& record_;
};

} // namespace

const std::vector<storage::intended_write>& writes_of(const storage::prepared_record& lock,
                                                      bool otherwise) {
  return otherwise && lock.otherwise && !mutated(mutant::take_first_branch)
           ? lock.otherwise->writes
           : lock.writes;
}

answer locked_answer(lock_table::holder by) {
  auto given = refused_answer(error_code::transaction_conflict,
                              "a transaction that is being decided has locked it");
  given.holder = std::make_shared<const lock_holder>(lock_holder{terms_of(*by)});
  return given;
}

participant::participant(storage::state& table, const space_rules& rules)
    : table_(table), rules_(rules) {
  restore();
}

answer participant::apply(const prepare& asked, hlc_stamp stamp, const lock_fence* fence) {
  if (const auto* over = ended(asked.terms.id))
    return refusal_of(*over);
  if (const auto* before = locks_.find(asked.terms.id))
    return before->deadline == asked.terms.deadline ? prepared_answer(*before)
                                                    : locked_answer(before); // B6
  if (stamp > asked.terms.deadline && !mutated(mutant::prepare_late))
    return late_answer(asked.terms);
  if (const auto* holder = locks_.in_the_way_of(asked.part);
      holder && !mutated(mutant::ignore_locks))
    return locked_answer(holder);
  auto record = record_of(asked, stamp);
  if (fence)
    record.fence = storage::relied_fence{{fence->space, fence->key}, fence->token};
  part_draft draft{asked.part, table_, rules_, record};
  if (auto refused = asked.compares ? draft.fill_in_both() : draft.fill_in())
    return *refused;
  auto given = prepared_answer(record);
  locks_.insert(std::move(record));
  return given;
}

std::optional<answer> participant::delay_of(const decide& asked, hlc_stamp stamp) const {
  if (ended(asked.terms.id))
    return std::nullopt;
  for (const auto& other : asked.others)
    if (stamp <= other.stamp && !mutated(mutant::decide_below_prepares)) {
      auto given = refused_answer(error_code::clock_skew,
                                  "the decision would be stamped below what has prepared");
      given.known = outcome::not_applied;
      return given;
    }
  if (const auto* holder = locks_.in_the_way_of(asked.part);
      holder && !mutated(mutant::ignore_locks))
    return locked_answer(holder);
  return std::nullopt;
}

answer participant::apply(const decide& asked, hlc_stamp stamp) {
  const auto& id = asked.terms.id;
  if (const auto* known = ended(id); known && !mutated(mutant::decide_again)) {
    // B1. The client's answer went with its acknowledgement; the outcome stays.
    return word_on(*known);
  }
  transaction_draft draft{table_, rules_, stamp};
  auto given = stamp > asked.terms.deadline
                 ? late_answer(asked.terms)
                 : draft.work_out(asked.part, bounds::max_transaction_results, asked.fails);
  if (given.code == error_code::overloaded)
    return given; // D4: it may come again
  const auto& elsewhere = given.otherwise ? asked.otherwise : asked.elsewhere;
  if (given.code == error_code::ok && elsewhere.problem.code != error_code::ok)
    given = refused_answer(elsewhere.problem.code, elsewhere.problem.message);
  if (given.code == error_code::ok)
    given.steps = results_of_all(elsewhere, given.steps, stamp);
  if (bytes_of(given.steps) > bounds::max_transaction_results)
    given = too_much_answer();
  if (given.code != error_code::ok) {
    refuse(asked, stamp);
    return given;
  }
  draft.install(table_);
  std::vector<storage::key_name> waiting;
  for (const auto& other : asked.others)
    waiting.push_back({other.where.space, other.where.key});
  ends_.add({id.client, id.number, true, stamp, asked.terms.deadline, std::move(waiting),
             given.otherwise});
  return given;
}

void participant::refuse(const decide& asked, hlc_stamp stamp) {
  const auto& id = asked.terms.id;
  ends_.add({id.client, id.number, false, stamp, asked.terms.deadline, {}});
}

/// `otherwise`: it is aborted.
answer participant::apply(const push& asked, hlc_stamp stamp) {
  const auto& id = asked.transaction;
  // Past the deadline nothing decides it any more, so that needs no record.
  const bool may_end = stamp <= asked.deadline && !mutated(mutant::push_without_record);
  const auto* known = may_end
                        ? &ends_.add({id.client, id.number, false, stamp, asked.deadline, {}})
                        : ended(id);
  auto given = applied_answer(known ? known->stamp : stamp);
  given.otherwise = !known || !known->committed;
  given.took_otherwise = known && known->committed && known->otherwise;
  return given;
}

answer participant::apply(const forget& asked, hlc_stamp stamp) {
  ends_.acknowledge(asked.transaction, {asked.where.space, asked.where.key});
  return applied_answer(stamp);
}

// -- ends ------------------------------------------------------------------------------

std::optional<answer> participant::answer_of_end(const operation_id& transaction) const {
  const auto* known = ended(transaction);
  if (!known)
    return std::nullopt;
  auto given = word_on(*known);
  given.repeated = true;
  return given;
}

void participant::write_back() {
  for (auto& key : std::exchange(gone_, {}))
    table_.erase(std::move(key));
  for (const auto& [id, lock] : locks_.all())
    if (stored_locks_.insert(id).second)
      table_.put(record_key::prepared(id.client, id.number), lock);
  ends_.store_changed([&](storage::decision_record what) {
    auto key = record_key::decision(what.client, what.number);
    table_.put(std::move(key), std::move(what));
  });
}

void participant::install(const storage::intended_write& what, hlc_stamp version) {
  table_.put(record_key::value(what.where.space, what.where.key),
             storage::value_record{version, what.tombstone, what.bytes});
}

void participant::collect(hlc_stamp latest) {
  if (mutated(mutant::drop_locks_late))
    for (const auto& [id, record] : std::map{locks_.all()})
      if (record.deadline < latest)
        locks_.take(id);
  for (std::size_t forgotten = 0; forgotten < forgotten_per_entry; ++forgotten) {
    const auto gone = ends_.take_before(latest);
    if (!gone)
      return;
    if (gone->is_stored)
      gone_.push_back(record_key::decision(gone->id.client, gone->id.number));
  }
}

void participant::restore() {
  auto prepared = table_.visit(
    record_key::start_of(storage::record_kind::prepared),
    record_key::end_of(storage::record_kind::prepared), [&](storage::row&& row) {
      if (!mutated(mutant::forget_prepared)) {
        auto& lock = std::get<storage::prepared_record>(row.what);
        stored_locks_.insert({lock.client, lock.number});
        locks_.insert(std::move(lock));
      }
      return true;
    });
  sound(prepared);
  auto decided = table_.visit(
    record_key::start_of(storage::record_kind::decision),
    record_key::end_of(storage::record_kind::decision), [&](storage::row&& row) {
      ends_.add(std::get<storage::decision_record>(std::move(row.what)), true);
      return true;
    });
  sound(decided);
}

} // namespace present::partition
