#include "actors/transaction/coordinator_machine.hpp"

#include "runtime/base/overloaded.hpp"

#include <limits>
#include <utility>

namespace present::transaction {

namespace {

operation_id transaction_of(const to_coordinate& what) {
  return std::visit([](const auto& begins) { return begins.terms.id; }, what.what);
}

anchor here_of(const to_coordinate& what) {
  return std::visit(overloaded{
                      [](const doubt& begins) { return begins.where; },
                      [](const auto& begins) { return begins.terms.home; },
                    },
                    what.what);
}

} // namespace

void coordinator_machine::step(coordinator_event input, coordinator_effects& out) {
  std::visit([&](auto& what) { on(input, what, out); }, input.what);
}

std::optional<time_ms> coordinator_machine::next_wake() const {
  return alarms_.empty() ? std::nullopt : std::optional{alarms_.begin()->first};
}

// -- events --------------------------------------------------------------------------

void coordinator_machine::on(const coordinator_event& input, to_coordinate& what,
                             coordinator_effects& out) {
  const run_name name{what.from.partition, transaction_of(what)};
  if (const auto found = runs_.find(name); found != runs_.end()) {
    if (join(found->second, what, out))
      return;
    give_up(found->second);
  }
  auto options = options_;
  options.seed += ++last_seed_;
  auto& its = runs_.try_emplace(name, name, options).first->second;
  its.of = what.from;
  its.here = here_of(what);
  if (std::holds_alternative<begun>(what.what))
    its.askers.push_back(what.who);
  std::visit([&](auto& begins) { hear(its, {input.now, std::move(begins)}, out); },
             what.what);
}

/// False: what runs is of an earlier leadership, which can't do anything any more (N1).
bool coordinator_machine::join(run& there, const to_coordinate& what,
                               coordinator_effects& out) {
  if (there.of != what.from)
    return false;
  if (std::holds_alternative<begun>(what.what)) {
    if (there.told)
      out.push_back(tell_asker{what.from, what.who, *there.told});
    else
      there.askers.push_back(what.who);
  }
  return true;
}

void coordinator_machine::on(const coordinator_event& input, asked_answered& what,
                             coordinator_effects& out) {
  const auto asked = take(what.ticket);
  if (!asked)
    return; // its run was given up
  if (asked->of_home && what.what.code == error_code::not_leader)
    return give_up(*asked->by); // N1
  hear(*asked->by, {input.now, answered{asked->of_machine, std::move(what.what)}}, out);
}

void coordinator_machine::on(const coordinator_event& input, const asked_lost& what,
                             coordinator_effects& out) {
  if (const auto asked = take(what.ticket))
    hear(*asked->by, {input.now, lost{asked->of_machine}}, out);
}

void coordinator_machine::on(const coordinator_event&, const leadership_over& what,
                             coordinator_effects&) {
  give_up_all(what.which);
}

void coordinator_machine::on(const coordinator_event&, const partition_gone& what,
                             coordinator_effects&) {
  give_up_all({what.partition, {std::numeric_limits<std::uint64_t>::max()}});
}

void coordinator_machine::give_up_all(const leadership& until) {
  for (auto each = runs_.lower_bound({until.partition, {}});
       each != runs_.end() && each->first.first == until.partition;) {
    auto& its = (each++)->second;
    if (its.of <= until)
      give_up(its);
  }
}

void coordinator_machine::on(const coordinator_event& input, const time_passed&,
                             coordinator_effects& out) {
  while (!alarms_.empty() && alarms_.begin()->first <= input.now) {
    auto& its = *alarms_.begin()->second;
    disarm(its);
    hear(its, {input.now, time_passed{}}, out);
  }
}

// -- runs ----------------------------------------------------------------------------

void coordinator_machine::hear(run& its, event input, coordinator_effects& out) {
  effects wanted;
  its.machine.step(std::move(input), wanted);
  for (auto& each : wanted)
    carry_out(its, each, out);
  if (its.machine.is_done())
    give_up(its);
  else
    arm(its);
}

void coordinator_machine::carry_out(run& its, effect& what, coordinator_effects& out) {
  std::visit(overloaded{
               [&](ask& wanted) {
                 const auto ticket = ++last_ticket_;
                 const bool of_home = wanted.where == its.here;
                 tickets_.emplace(ticket, asked_ticket{&its, wanted.ticket, of_home});
                 its.tickets.push_back(ticket);
                 if (of_home)
                   out.push_back(ask_home{ticket, its.of, std::move(wanted.what), wanted.hurry,
                                          wanted.may_join});
                 else
                   out.push_back(
                     ask_cluster{ticket, wanted.where, std::move(wanted.what), wanted.hurry,
                                 wanted.may_join});
               },
               [&](answer_client& said) {
                 its.told = std::move(said.what);
                 for (const auto& who : std::exchange(its.askers, {}))
                   out.push_back(tell_asker{its.of, who, *its.told});
               },
               [](finished&) {},
             },
             what);
}

/// What was answered, or never will be.
auto coordinator_machine::take(std::uint64_t ticket) -> std::optional<asked_ticket> {
  const auto found = tickets_.extract(ticket);
  if (!found)
    return std::nullopt;
  std::erase(found.mapped().by->tickets, ticket);
  return found.mapped();
}

void coordinator_machine::give_up(run& gone) {
  for (const auto ticket : gone.tickets)
    tickets_.erase(ticket);
  disarm(gone);
  runs_.erase(run_name{gone.name});
}

void coordinator_machine::arm(run& its) {
  const auto wanted = its.machine.next_wake();
  if (wanted && its.alarm && (*its.alarm)->first == *wanted)
    return;
  disarm(its);
  if (wanted)
    its.alarm = alarms_.emplace(*wanted, &its);
}

void coordinator_machine::disarm(run& its) {
  if (const auto alarm = std::exchange(its.alarm, std::nullopt))
    alarms_.erase(*alarm);
}

} // namespace present::transaction
