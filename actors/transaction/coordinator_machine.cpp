#include "actors/transaction/coordinator_machine.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>

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
    give_up(name);
  }
  auto options = options_;
  options.seed += ++last_seed_;
  auto& its = runs_.emplace(name, options).first->second;
  its.of = what.from;
  its.here = here_of(what);
  if (std::holds_alternative<begun>(what.what))
    its.askers.push_back(what.who);
  std::visit([&](auto& begins) { hear(name, {input.now, std::move(begins)}, out); },
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
  const auto found = tickets_.find(what.ticket);
  if (found == tickets_.end())
    return; // its run was given up
  const auto [name, of_home] = found->second;
  tickets_.erase(found);
  const auto ticket = runs_.at(name).tickets.extract(what.ticket).mapped();
  if (of_home && what.what.code == error_code::not_leader)
    return give_up(name); // N1
  hear(name, {input.now, answered{ticket, std::move(what.what)}}, out);
}

void coordinator_machine::on(const coordinator_event& input, const asked_lost& what,
                             coordinator_effects& out) {
  const auto found = tickets_.find(what.ticket);
  if (found == tickets_.end())
    return;
  const auto name = found->second.name;
  tickets_.erase(found);
  const auto ticket = runs_.at(name).tickets.extract(what.ticket).mapped();
  hear(name, {input.now, lost{ticket}}, out);
}

void coordinator_machine::on(const coordinator_event&, const partition_gone& what,
                             coordinator_effects&) {
  for (auto each = runs_.lower_bound({what.partition, {}});
       each != runs_.end() && each->first.first == what.partition;)
    give_up((each++)->first);
}

void coordinator_machine::on(const coordinator_event& input, const time_passed&,
                             coordinator_effects& out) {
  while (!alarms_.empty() && alarms_.begin()->first <= input.now) {
    const auto name = alarms_.begin()->second;
    alarms_.erase(alarms_.begin());
    runs_.at(name).wakes_at.reset();
    hear(name, {input.now, time_passed{}}, out);
  }
}

// -- runs ----------------------------------------------------------------------------

void coordinator_machine::hear(const run_name& name, event input, coordinator_effects& out) {
  auto& its = runs_.at(name);
  effects wanted;
  its.machine.step(std::move(input), wanted);
  for (auto& each : wanted)
    carry_out(name, its, each, out);
  if (its.machine.is_done())
    give_up(name);
  else
    arm(name, its);
}

void coordinator_machine::carry_out(const run_name& name, run& its, effect& what,
                                    coordinator_effects& out) {
  std::visit(overloaded{
               [&](ask& wanted) {
                 const auto ticket = ++last_ticket_;
                 const bool of_home = wanted.where == its.here;
                 tickets_.emplace(ticket, asked_ticket{name, of_home});
                 its.tickets.emplace(ticket, wanted.ticket);
                 if (of_home)
                   out.push_back(ask_home{ticket, its.of, std::move(wanted.what), wanted.hurry});
                 else
                   out.push_back(
                     ask_cluster{ticket, wanted.where, std::move(wanted.what), wanted.hurry});
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

void coordinator_machine::give_up(const run_name& name) {
  const auto found = runs_.find(name);
  for (const auto& [ticket, of_machine] : found->second.tickets)
    tickets_.erase(ticket);
  if (auto& wakes = found->second.wakes_at) {
    auto [first, last] = alarms_.equal_range(*wakes);
    alarms_.erase(std::find_if(first, last, [&](const auto& a) { return a.second == name; }));
  }
  runs_.erase(found);
}

void coordinator_machine::arm(const run_name& name, run& its) {
  const auto wanted = its.machine.next_wake();
  if (wanted == its.wakes_at)
    return;
  if (its.wakes_at) {
    auto [first, last] = alarms_.equal_range(*its.wakes_at);
    alarms_.erase(std::find_if(first, last, [&](const auto& a) { return a.second == name; }));
  }
  its.wakes_at = wanted;
  if (wanted)
    alarms_.emplace(*wanted, name);
}

} // namespace present::transaction
