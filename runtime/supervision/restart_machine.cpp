#include "runtime/supervision/restart_machine.hpp"

#include "runtime/base/check.hpp"

#include <algorithm>
#include <iterator>

namespace present::supervision {

namespace {

using child_phase = restart_machine::child_phase;

bool is_alive(child_phase phase) {
  switch (phase) {
    case child_phase::starting:
    case child_phase::running:
    case child_phase::stopping:
    case child_phase::killing:
      return true;
    case child_phase::pending:
    case child_phase::idle:
      return false;
  }
  return false;
}

bool is_asked(child_phase phase) {
  return phase == child_phase::stopping || phase == child_phase::killing;
}

} // namespace

restart_machine::restart_machine(supervisor_rules rules,
                                 std::vector<child_rules> children)
    : rules_(rules) {
  for (auto& rules_of_child : children)
    insert(std::move(rules_of_child));
}

restart::effects restart_machine::step(const restart::event& what) {
  now_ = std::max(now_, what.now);
  out_.clear();
  if (phase_ != phase::over) {
    std::visit([this](const auto& kind) { on(kind); }, what.what);
    advance();
  }
  check_invariants();
  return std::move(out_);
}

std::optional<time_ms> restart_machine::wakes_at() const {
  if (deadlines_.empty())
    return std::nullopt;
  return deadlines_.begin()->first;
}

std::optional<child_phase>
restart_machine::phase_of(const std::string& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end())
    return std::nullopt;
  return children_.at(found->second).phase;
}

std::vector<std::string> restart_machine::children() const {
  std::vector<std::string> ids;
  ids.reserve(children_.size());
  for (const auto& [_, who] : children_)
    ids.push_back(who.rules.id);
  return ids;
}

bool restart_machine::settled() const {
  return phase_ == phase::active && to_start_.empty() && to_stop_.empty();
}

// -- events --------------------------------------------------------------------

void restart_machine::on(const restart::start_requested&) {
  if (phase_ != phase::unborn)
    return;
  phase_ = phase::active;
  for (const auto& [order, _] : children_)
    to_start_.insert(order);
}

void restart_machine::on(const restart::child_started& event) {
  const auto who = find(event.id);
  if (who == children_.end() || who->second.phase != child_phase::starting)
    return;
  who->second.phase = child_phase::running;
  to_start_.erase(who->first);
}

void restart_machine::on(const restart::child_stopped& event) {
  const auto who = find(event.id);
  // An abandoned child that ended after all, or one that was never started.
  if (who == children_.end() || !is_alive(who->second.phase))
    return;
  auto& [order, child] = *who;
  if (is_asked(child.phase) || to_stop_.contains(order)) {
    on_gone_as_asked(who);
  } else if (child.rules.restart == restart_kind::temporary) {
    forget(who);
  } else if (child.rules.restart == restart_kind::transient
             && event.reason == stop_reason::normal) {
    child.phase = child_phase::idle;
    to_start_.erase(order);
  } else {
    on_crash(who, event.text);
  }
}

void restart_machine::on(const restart::add_child& event) {
  if (phase_ != phase::active || has(event.rules.id))
    return;
  const auto who = insert(event.rules);
  who->second.independent = rules_.how == strategy::one_for_one;
  if (who->second.independent)
    become_starting(who);
  else
    to_start_.insert(who->first);
}

void restart_machine::on(const restart::remove_child& event) {
  const auto who = find(event.id);
  // At the end each child stops in its turn (I2).
  if (who == children_.end() || phase_ == phase::ending)
    return;
  who->second.removed = true;
  if (!is_alive(who->second.phase))
    forget(who);
  else if (!is_asked(who->second.phase))
    become_stopping(who);
}

void restart_machine::on(const restart::stop_requested&) {
  if (phase_ != phase::ending)
    become_ending(std::nullopt);
}

void restart_machine::on(const restart::time_passed&) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    const auto who = children_.find(deadlines_.begin()->second);
    if (who->second.phase == child_phase::stopping) {
      become_killing(who);
    } else {
      out_.push_back(restart::abandon{who->second.rules.id});
      on_gone_as_asked(who);
    }
  }
}

void restart_machine::on_gone_as_asked(place gone) {
  auto& [order, child] = *gone;
  to_stop_.erase(order);
  stop_together_.erase(order);
  set_deadline(gone, std::nullopt);
  if (child.removed || phase_ == phase::ending
      || child.rules.restart == restart_kind::temporary) {
    forget(gone);
    return;
  }
  child.phase = child_phase::pending;
  to_start_.insert(order);
}

void restart_machine::on_crash(place crashed, const std::string& why) {
  auto& [order, child] = *crashed;
  child.phase = child_phase::pending;
  if (!spend_restart(child)) {
    become_ending("child '" + child.rules.id + "' crashed; more than "
                  + std::to_string(rules_.intensity) + " restarts in "
                  + std::to_string(rules_.period_ms) + " ms: " + why);
    return;
  }
  switch (rules_.how) {
    case strategy::one_for_one:
      // Still in its place of the first start: `advance` starts it there.
      if (!to_start_.contains(order))
        become_starting(crashed);
      return;
    case strategy::rest_for_one:
      to_start_.insert(order);
      condemn_group(std::next(crashed));
      return;
    case strategy::one_for_all:
      to_start_.insert(order);
      condemn_group(children_.begin());
      return;
  }
}

/// A group restart is one restart, as in OTP.
bool restart_machine::spend_restart(child& crashed) {
  auto& spent = rules_.intensity_is_each_childs ? crashed.restarts : restarts_;
  std::erase_if(spent, [&](time_ms at) { return now_ - at >= rules_.period_ms; });
  if (spent.size() >= rules_.intensity)
    return false;
  spent.push_back(now_);
  return true;
}

// -- phases --------------------------------------------------------------------

void restart_machine::become_starting(place who) {
  check(who->second.phase == child_phase::pending, "I6: started twice");
  who->second.phase = child_phase::starting;
  out_.push_back(restart::start{who->second.rules.id});
}

void restart_machine::become_stopping(place who) {
  auto& child = who->second;
  to_start_.erase(who->first);
  if (child.rules.shutdown_ms == 0) {
    become_killing(who);
    return;
  }
  child.phase = child_phase::stopping;
  out_.push_back(restart::stop{child.rules.id});
  if (child.rules.shutdown_ms != wait_for_ever)
    set_deadline(who, now_ + child.rules.shutdown_ms);
}

void restart_machine::become_killing(place who) {
  who->second.phase = child_phase::killing;
  out_.push_back(restart::kill{who->second.rules.id});
  set_deadline(who, now_ + rules_.abandon_ms);
}

void restart_machine::become_ending(std::optional<std::string> escalation) {
  phase_ = phase::ending;
  escalation_ = std::move(escalation);
  to_start_.clear();
  for (auto who = children_.begin(); who != children_.end();) {
    const auto current = who++;
    const auto& [order, child] = *current;
    if (!is_alive(child.phase)) {
      forget(current);
    } else if (child.independent) {
      stop_together_.insert(order);
      if (!is_asked(child.phase))
        become_stopping(current);
    } else {
      to_stop_.insert(order);
    }
  }
}

/// All from `first` on: those alive are to stop, and all are to start again.
void restart_machine::condemn_group(place first) {
  for (auto who = first; who != children_.end(); ++who) {
    auto& [order, child] = *who;
    if (is_alive(child.phase)) {
      to_stop_.insert(order);
      to_start_.erase(order);
    } else {
      child.phase = child_phase::pending;
      to_start_.insert(order);
    }
  }
}

void restart_machine::forget(place who) {
  to_start_.erase(who->first);
  set_deadline(who, std::nullopt);
  // At the end the supervisor forgets all of them anyway.
  if (phase_ == phase::active)
    out_.push_back(restart::forget{who->second.rules.id});
  by_id_.erase(who->second.rules.id);
  children_.erase(who);
}

// -- order ---------------------------------------------------------------------

void restart_machine::advance() {
  if (phase_ == phase::unborn)
    return;
  advance_stops();
  if (phase_ == phase::active)
    advance_starts();
  if (phase_ == phase::ending && children_.empty()) {
    phase_ = phase::over;
    if (escalation_)
      out_.push_back(restart::escalate{*escalation_});
    else
      out_.push_back(restart::stopped{});
  }
}

void restart_machine::advance_stops() {
  if (!stop_together_.empty() || to_stop_.empty())
    return;
  const auto last = children_.find(*to_stop_.rbegin());
  if (!is_asked(last->second.phase))
    become_stopping(last);
}

void restart_machine::advance_starts() {
  if (!to_stop_.empty() || to_start_.empty())
    return;
  const auto first = children_.find(*to_start_.begin());
  if (first->second.phase == child_phase::pending)
    become_starting(first);
}

// -- the rest ------------------------------------------------------------------

restart_machine::place restart_machine::find(const std::string& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? children_.end() : children_.find(found->second);
}

restart_machine::place restart_machine::insert(child_rules rules) {
  const auto order = next_key_++;
  const bool fresh = by_id_.emplace(rules.id, order).second;
  check(fresh, "two children are called '" + rules.id + "'");
  return children_.emplace(order, child{std::move(rules)}).first;
}

void restart_machine::set_deadline(place who, std::optional<time_ms> when) {
  auto& [order, child] = *who;
  if (child.deadline)
    deadlines_.erase({*child.deadline, order});
  child.deadline = when;
  if (when)
    deadlines_.insert({*when, order});
}

void restart_machine::check_invariants() const {
  check(restarts_.size() <= rules_.intensity, "I4: too many restarts");
  check(phase_ != phase::over || children_.empty(),
        "I5: a child outlived its supervisor");
  check(phase_ != phase::ending || to_start_.empty(),
        "I5: a child is to start at the end");
}

// -- names ---------------------------------------------------------------------

std::string_view to_string(stop_reason reason) {
  switch (reason) {
    case stop_reason::normal:
      return "normal";
    case stop_reason::error:
      return "error";
    case stop_reason::killed:
      return "killed";
  }
  return "error";
}

std::string_view to_string(restart_kind kind) {
  switch (kind) {
    case restart_kind::permanent:
      return "permanent";
    case restart_kind::transient:
      return "transient";
    case restart_kind::temporary:
      return "temporary";
  }
  return "permanent";
}

std::string_view to_string(strategy how) {
  switch (how) {
    case strategy::one_for_one:
      return "one_for_one";
    case strategy::rest_for_one:
      return "rest_for_one";
    case strategy::one_for_all:
      return "one_for_all";
  }
  return "one_for_one";
}

} // namespace present::supervision
