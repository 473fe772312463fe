#include "actors/transaction/two_phase_machine.hpp"

#include "actors/transaction/mutant.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::transaction {

namespace {

/// Asking again can change what is said.
bool may_ask_again(const answer& said) {
  const auto& traits = traits_of(said.code);
  return said.known == outcome::unknown
         || (traits.retryable && said.code != error_code::transaction_conflict);
}

bool meets_lock(const answer& said) {
  return said.code == error_code::transaction_conflict && said.holder;
}

error problem_of(const answer& said) {
  auto why = make_error(said.code, said.message);
  why.known = outcome::not_applied;
  return why;
}

error too_long() {
  return make_error(error_code::transaction_conflict,
                    "the partitions of the transaction did not prepare in time");
}

error younger_than_holder() {
  return make_error(error_code::transaction_conflict,
                    "an older transaction has locked what this one needs");
}

answer refusal_of(const error& why) {
  answer said;
  said.code = why.code;
  said.known = why.known;
  said.message = why.message;
  return said;
}

} // namespace

two_phase_machine::two_phase_machine(const settings& options)
    : options_(options),
      pacing_({options.seed, options.backoff_base_ms, options.backoff_cap_ms}) {}

void two_phase_machine::step(event input, effects& out) {
  std::visit([&](auto& what) { on(input, what, out); }, input.what);
  check_invariants();
}

std::optional<time_ms> two_phase_machine::next_wake() const {
  std::optional<time_ms> wake;
  const auto consider = [&](time_ms at) { wake = wake ? std::min(*wake, at) : at; };
  for (const auto* each : const_cast<two_phase_machine*>(this)->errands())
    if (each->again_at)
      consider(*each->again_at);
  if (const auto* phase = std::get_if<preparing>(&phase_))
    consider(phase->until);
  if (const auto* phase = std::get_if<deciding>(&phase_); phase && client_waits_)
    consider(phase->client_waits_until);
  return wake;
}

// -- events --------------------------------------------------------------------------

void two_phase_machine::on(const event& input, begun& what, effects& out) {
  check(std::holds_alternative<idle>(phase_), "C3: a machine is begun twice");
  plan_ = std::move(what);
  terms_ = plan_.terms;
  client_waits_ = true;
  preparing phase;
  phase.until = input.now + options_.prepare_ms;
  for (const auto& other : plan_.others) {
    others_.push_back(other.where);
    phase.others.push_back({errand{other.where}, {}, nullptr, nullptr});
  }
  phase_ = std::move(phase);
  for (auto* each : errands())
    send(*each, out);
  if (others_.empty())
    become_deciding(input, out);
}

void two_phase_machine::on(const event&, const drive& what, effects& out) {
  check(std::holds_alternative<idle>(phase_), "C3: a machine is begun twice");
  terms_ = what.terms;
  for (const auto& each : what.decision.waiting)
    others_.push_back({each.space, each.key});
  become_resolving({what.decision.committed, what.decision.stamp, what.decision.otherwise}, out);
}

void two_phase_machine::on(const event&, const doubt& what, effects& out) {
  check(std::holds_alternative<idle>(phase_), "C3: a machine is begun twice");
  terms_ = what.terms;
  others_ = {what.where};
  become_pushing({}, out);
}

void two_phase_machine::on(const event& input, const answered& what, effects& out) {
  auto* of = find(what.ticket);
  if (!of)
    return; // of a phase that is over
  of->ticket = 0;
  if (may_ask_again(what.what)) {
    pause(input, *of);
    return;
  }
  std::visit(overloaded{
               [&](preparing& phase) {
                 for (auto& each : phase.others)
                   if (&each.its == of)
                     return on_prepared(input, each, what.what, out);
               },
               [&](deciding& phase) { on_decided(input, phase, what.what, out); },
               [&](pushing& phase) { on_pushed(input, phase, what.what, out); },
               [&](resolving& phase) { on_resolved(input, phase, *of, what.what, out); },
               [](auto&) {},
             },
             phase_);
}

void two_phase_machine::on(const event& input, const lost& what, effects&) {
  auto* of = find(what.ticket);
  if (!of)
    return;
  of->ticket = 0;
  pause(input, *of);
}

void two_phase_machine::on(const event& input, const time_passed&, effects& out) {
  if (const auto* phase = std::get_if<preparing>(&phase_); phase && phase->until <= input.now)
    return become_pushing(too_long(), out);
  if (const auto* phase = std::get_if<deciding>(&phase_);
      phase && client_waits_ && phase->client_waits_until <= input.now) {
    tell(refusal_of(make_error(error_code::unknown_outcome,
                               "home has not said yet how the transaction ended")),
         out);
  }
  for (auto* each : errands())
    if (each->again_at && *each->again_at <= input.now)
      send(*each, out);
}

// -- what an answer means ------------------------------------------------------------

void two_phase_machine::on_prepared(const event& input, preparation& of, const answer& said,
                                    effects& out) {
  if (said.code == error_code::ok) {
    of.its.is_done = true;
    of.stamp = said.version;
    of.steps = said.steps;
    of.branch = said.branch;
    const auto& others = std::get<preparing>(phase_).others;
    if (std::all_of(others.begin(), others.end(), [](const auto& o) { return o.its.is_done; })
        || mutated(mutant::decide_before_all_prepared))
      become_deciding(input, out);
  } else if (meets_lock(said) && (outranks(*said.holder) || may_wait_for(*said.holder))) {
    wait_for_lock(input, of.its);
  } else {
    become_pushing(meets_lock(said) ? younger_than_holder() : problem_of(said), out);
  }
}

void two_phase_machine::on_decided(const event& input, deciding& phase, const answer& said,
                                   effects& out) {
  if (said.repeated && is_attempt() && !mutated(mutant::trust_repeated_decision)) {
    become_pushing(known_by_name{said}, out);
  } else if (said.code == error_code::ok) {
    tell(said, out);
    become_resolving({true, said.version, said.otherwise}, out);
  } else if (meets_lock(said) && outranks(*said.holder)) {
    wait_for_lock(input, phase.its);
  } else if (meets_lock(said)) {
    become_pushing(younger_than_holder(), out);
  } else if (traits_of(said.code).known_outcome == outcome::not_applied) {
    // Home has refused it for good, and says so from now on.
    become_pushing(problem_of(said), out);
  } else {
    auto why = make_error(error_code::unknown_outcome, said.message);
    become_pushing(std::move(why), out);
  }
}

void two_phase_machine::on_pushed(const event& input, pushing& phase, const answer& said,
                                  effects& out) {
  if (said.code != error_code::ok)
    return pause(input, phase.its);
  if (const auto* known = std::get_if<known_by_name>(&phase.why)) {
    tell(known->said, out);
  } else if (said.otherwise) {
    auto why = std::get<error>(phase.why);
    // Whatever was not known before: home has said it; but of this attempt only.
    why.known = is_attempt() ? outcome::unknown : outcome::not_applied;
    if (traits_of(why.code).known_outcome != outcome::not_applied)
      why.code = error_code::transaction_conflict;
    tell(refusal_of(why), out);
  } else if (is_attempt()) {
    tell(refusal_of(make_error(error_code::unknown_outcome,
                               "it is committed: home has the answer under its name")),
         out);
  } else {
    answer whole;
    whole.version = said.version;
    whole.steps = said.steps;
    whole.otherwise = said.took_otherwise;
    tell(std::move(whole), out);
  }
  become_resolving({!said.otherwise, said.version, said.took_otherwise}, out);
}

void two_phase_machine::on_resolved(const event& input, resolving& phase, errand& of,
                                    const answer& said, effects& out) {
  if (said.code != error_code::ok)
    return pause(input, of);
  of.is_done = true;
  const bool is_other = std::any_of(phase.others.begin(), phase.others.end(),
                                    [&](const errand& each) { return &each == &of; });
  if (is_other && phase.how.committed) {
    for (auto& each : phase.to_forget)
      if (each.where == of.where)
        send(each, out);
  }
  const auto all_done = [](const std::vector<errand>& all) {
    return std::all_of(all.begin(), all.end(), [](const errand& e) { return e.is_done; });
  };
  if (all_done(phase.others) && (!phase.how.committed || all_done(phase.to_forget)))
    become_done(out);
}

// -- phases --------------------------------------------------------------------------

void two_phase_machine::become_deciding(const event& input, effects& out) {
  deciding phase;
  phase.its.where = terms_.home;
  phase.client_waits_until = input.now + options_.decide_ms;
  const auto& prepared = std::get<preparing>(phase_).others;
  std::vector<prepared_results> results;
  for (std::size_t n = 0; n < prepared.size(); ++n)
    results.push_back(
      {&plan_.others[n], prepared[n].stamp, prepared[n].steps, prepared[n].branch});
  phase.what = decision_of(plan_, results);
  phase_ = std::move(phase);
  send(std::get<deciding>(phase_).its, out);
}

/// Whatever went wrong, home says how it ends (P8): it may have been decided already.
void two_phase_machine::become_pushing(reason why, effects& out) {
  if (mutated(mutant::abort_without_push)) {
    if (const auto* problem = std::get_if<error>(&why))
      tell(refusal_of(*problem), out);
    return become_resolving({}, out);
  }
  pushing phase;
  phase.its.where = terms_.home;
  phase.why = std::move(why);
  phase_ = std::move(phase);
  send(std::get<pushing>(phase_).its, out);
}

void two_phase_machine::become_resolving(const ending& how, effects& out) {
  resolving phase;
  phase.how = how;
  for (const auto& each : others_) {
    phase.others.emplace_back(each);
    phase.to_forget.emplace_back(each);
  }
  phase_ = std::move(phase);
  if (others_.empty())
    return become_done(out);
  for (auto& each : std::get<resolving>(phase_).others)
    send(each, out);
}

void two_phase_machine::become_done(effects& out) {
  phase_ = done{};
  out.push_back(finished{});
}

// -- errands -------------------------------------------------------------------------

std::vector<two_phase_machine::errand*> two_phase_machine::errands() {
  std::vector<errand*> all;
  std::visit(overloaded{
               [&](preparing& phase) {
                 for (auto& each : phase.others)
                   all.push_back(&each.its);
               },
               [&](deciding& phase) { all.push_back(&phase.its); },
               [&](pushing& phase) { all.push_back(&phase.its); },
               [&](resolving& phase) {
                 for (auto* list : {&phase.others, &phase.to_forget})
                   for (auto& each : *list)
                     all.push_back(&each);
               },
               [](auto&) {},
             },
             phase_);
  return all;
}

two_phase_machine::errand* two_phase_machine::find(std::uint64_t ticket) {
  for (auto* each : errands())
    if (each->ticket == ticket)
      return each;
  return nullptr;
}

void two_phase_machine::send(errand& what, effects& out) {
  what.again_at.reset();
  what.ticket = ++last_ticket_;
  ++what.tries;
  auto asked = operation_of(what);
  const bool forgets = std::holds_alternative<forget>(asked.what);
  const auto hurry = forgets                                       ? haste::none
                     : std::holds_alternative<resolve>(asked.what) ? haste::soon
                                                                   : haste::now;
  const bool may_join = hurry != haste::now && what.tries == 1;
  out.push_back(ask{what.ticket, forgets ? terms_.home : what.where, std::move(asked), hurry,
                    may_join});
}

operation two_phase_machine::operation_of(const errand& what) const {
  operation asked;
  std::visit(overloaded{
               [&](const preparing& phase) {
                 asked.fence = plan_.asked.fence; // P14: each judges it
                 for (std::size_t n = 0; n < phase.others.size(); ++n)
                   if (&phase.others[n].its == &what)
                     asked.what = prepare{terms_, plan_.others[n].what, plan_.compares};
               },
               [&](const deciding& phase) {
                 asked = plan_.asked;
                 asked.what = phase.what;
               },
               [&](const pushing&) {
                 asked.what = push{terms_.id, terms_.home, terms_.deadline};
               },
               [&](const resolving& phase) {
                 const bool forgets
                   = std::any_of(phase.to_forget.begin(), phase.to_forget.end(),
                                 [&](const errand& each) { return &each == &what; });
                 if (forgets)
                   asked.what = forget{terms_.id, what.where};
                 else
                   asked.what = resolve{terms_.id, phase.how.committed, phase.how.stamp,
                                        terms_.deadline, phase.how.otherwise};
               },
               [](const auto&) {},
             },
             phase_);
  return asked;
}

void two_phase_machine::pause(const event& input, errand& what) {
  what.again_at = input.now + pacing_.backoff(std::min(what.tries, 10u));
}

/// A lock is there for some rounds, and all whose answers come together wait for the one
/// that it keeps waiting.
void two_phase_machine::wait_for_lock(const event& input, errand& what) {
  what.again_at = input.now + pacing_.detour(what.tries);
}

/// The only one to prepare was refused, and home locks nothing before it decides: nobody
/// waits for us, however old the holder is. But for what bears the same id, from elsewhere: as
/// long as we are under way nobody ends that (I16).
bool two_phase_machine::may_wait_for(const lock_holder& other) const {
  return others_.size() == 1 && other.terms.id != terms_.id;
}

/// C5. Of the same age, the one with the lower name: all agree on that.
bool two_phase_machine::outranks(const lock_holder& other) const {
  if (mutated(mutant::always_wait))
    return true;
  return std::pair{terms_.start, terms_.id} < std::pair{other.terms.start, other.terms.id};
}

/// The client's name isn't this attempt's: what home says of the one needs not be so of the
/// other.
bool two_phase_machine::is_attempt() const { return plan_.asked.id != terms_.id; }

void two_phase_machine::tell(answer what, effects& out) {
  if (!std::exchange(client_waits_, false))
    return;
  what.id = plan_.asked.id;
  out.push_back(answer_client{std::move(what)});
}

void two_phase_machine::check_invariants() const {
  check(!client_waits_ || !std::holds_alternative<done>(phase_),
        "C3: it is done, and the client has no answer");
  if (const auto* phase = std::get_if<deciding>(&phase_))
    check(phase->what.others.size() == others_.size(), "C1: it is decided without all others");
}

} // namespace present::transaction
