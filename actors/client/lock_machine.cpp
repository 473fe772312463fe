#include "actors/client/lock_machine.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::client {

namespace {

error not_free_error(const lock_wish& wish) {
  auto why = make_error(error_code::deadline,
                        "the lock '" + wish.key + "' was not free within "
                          + std::to_string(wish.patience_ms) + " ms");
  why.known = outcome::not_applied;
  return why;
}

/// It is no use to ask again.
bool is_final(const error& why) {
  return !traits_of(why.code).retryable && why.code != error_code::deadline
         && why.code != error_code::unknown_outcome && why.code != error_code::session_expired;
}

} // namespace

void lock_machine::step(const lock_event& input, lock_effects& out) {
  std::visit(overloaded{
               [&](const wish_begins&) { on_begin(input.now, out); },
               [&](const call_ended& e) { on_ended(input.now, e, out); },
               [&](const let_go&) { on_let_go(input.now, out); },
               [&](const lock_time_passed&) { on_time_passed(input.now, out); },
             },
             input.what);
}

std::optional<time_ms> lock_machine::next_wake() const {
  switch (phase_) {
    case phase::asking:
    case phase::waiting:
      return again_at_;
    case phase::guarding:
    case phase::holding:
      return under_way_ ? until_ : std::min(until_, keep_at_);
    default:
      return std::nullopt;
  }
}

// -- events ------------------------------------------------------------------------

void lock_machine::on_begin(time_ms now, lock_effects& out) {
  patience_ends_ = now + wish_.patience_ms;
  become_asking(now, out);
}

void lock_machine::on_ended(time_ms now, const call_ended& what, lock_effects& out) {
  if (what.number == releasing_) {
    releasing_ = 0;
    if (phase_ == phase::letting_go)
      become_over(lock_ended{}, false, out);
    return;
  }
  if (const auto raised = std::find(raising_.begin(), raising_.end(), what.number);
      raised != raising_.end()) {
    raising_.erase(raised);
    if (phase_ == phase::guarding)
      on_raised(what.how, out);
    return;
  }
  if (what.number != under_way_)
    return;
  under_way_ = 0;
  switch (phase_) {
    case phase::asking:
      return on_asked(now, what.how, out);
    case phase::waiting:
      return on_waited(now, what.how, out);
    case phase::guarding:
    case phase::holding:
      return on_kept(now, what.how, out);
    case phase::letting_go:
      if (releasing_ == 0)
        ask_to_release(out);
      return;
    default:
      return;
  }
}

/// What is under way may still put the claim into the queue: it ends first.
void lock_machine::on_let_go(time_ms, lock_effects& out) {
  if (phase_ == phase::over || phase_ == phase::letting_go)
    return;
  const bool asks = phase_ == phase::asking && under_way_ != 0;
  phase_ = phase::letting_go;
  if (!asks)
    ask_to_release(out);
}

void lock_machine::on_time_passed(time_ms now, lock_effects& out) {
  if (again_at_ && *again_at_ <= now && (phase_ == phase::asking || phase_ == phase::waiting)) {
    again_at_.reset();
    if (phase_ == phase::asking)
      become_asking(now, out);
    else
      become_waiting(now, out);
  }
  if (phase_ != phase::guarding && phase_ != phase::holding)
    return;
  if (now >= until_)
    lose(make_error(error_code::fenced,
                    "the lease is over: nobody who leads could be told within "
                      + std::to_string(wish_.lease_ms) + " ms that its holder lives"),
         true, out);
  else if (now >= keep_at_ && under_way_ == 0)
    ask_to_keep(now, out);
}

// -- what an answer means ------------------------------------------------------------

void lock_machine::on_asked(time_ms now, const outcome_of_call& how, lock_effects& out) {
  const auto& why = how.problem;
  if (why.code == error_code::ok && !how.given.otherwise) {
    become_guarding(now, how.given.version, out);
  } else if (why.code == error_code::ok) {
    become_waiting(now, out);
  } else if (is_final(why) || now >= patience_ends_) {
    become_over(lock_refused{why}, why.known == outcome::unknown, out);
  } else {
    ask_again_later(now);
  }
}

void lock_machine::on_waited(time_ms now, const outcome_of_call& how, lock_effects& out) {
  const auto& why = how.problem;
  if (why.code == error_code::ok && !how.given.otherwise) {
    become_guarding(now, how.given.version, out);
  } else if (now >= patience_ends_) {
    become_over(lock_refused{not_free_error(wish_)}, true, out);
  } else if (why.code == error_code::ok) {
    become_waiting(now, out);
  } else if (why.code == error_code::fenced) {
    become_asking(now, out);
  } else if (is_final(why)) {
    become_over(lock_refused{why}, true, out);
  } else {
    ask_again_later(now);
  }
}

void lock_machine::on_kept(time_ms now, const outcome_of_call& how, lock_effects& out) {
  const auto& why = how.problem;
  if (why.code == error_code::ok && !how.given.otherwise && how.given.version == token_) {
    until_ = asked_at_ + wish_.lease_ms;
    keep_at_ = asked_at_ + third_of_lease();
  } else if (why.code == error_code::ok) {
    lose(make_error(error_code::fenced, "the lock has been granted anew meanwhile"), true, out);
  } else if (is_final(why)) {
    lose(why, false, out);
  } else {
    keep_at_ = now + pause_ms;
  }
  if (phase_ == phase::guarding || phase_ == phase::holding)
    on_time_passed(now, out);
}

void lock_machine::on_raised(const outcome_of_call& how, lock_effects& out) {
  if (how.problem.code == error_code::ok)
    become_holding_if_guarded(out);
  else
    lose(how.problem, true, out);
}

// -- phases ------------------------------------------------------------------------

void lock_machine::become_asking(time_ms now, lock_effects& out) {
  phase_ = phase::asking;
  const auto patience = wish_.patience_ms == 0 ? time_ms{bounds::default_deadline_ms}
                                               : std::max(patience_ends_, now + 1) - now;
  ask(now,
      acquire_call{wish_.space, wish_.key, wish_.claim, wish_.lease_ms, wish_.patience_ms > 0,
                   wish_.owner, wish_.value, true},
      std::min(patience, longest_call_ms), out);
}

/// For a third of the lease at a time, so that its place is kept.
void lock_machine::become_waiting(time_ms now, lock_effects& out) {
  phase_ = phase::waiting;
  const auto left = patience_ends_ > now ? patience_ends_ - now : 1;
  const auto wait = static_cast<std::uint32_t>(std::min<time_ms>(third_of_lease(), left));
  ask(now, keep_call{wish_.space, wish_.key, wish_.claim, wait}, wish_.lease_ms, out);
}

/// What was asked long ago has given a lease that may be over: it is asked for again.
void lock_machine::become_guarding(time_ms now, hlc_stamp token, lock_effects& out) {
  if (now >= asked_at_ + wish_.lease_ms) {
    become_waiting(now, out);
    return;
  }
  phase_ = phase::guarding;
  token_ = token;
  until_ = asked_at_ + wish_.lease_ms;
  keep_at_ = asked_at_ + third_of_lease();
  for (const auto& each : wish_.guards) {
    raising_.push_back(++numbers_);
    out.push_back(ask_call{numbers_,
                           raise_call{each.space, each.key,
                                      fence_name{wish_.space, wish_.key, token}},
                           wish_.lease_ms});
  }
  become_holding_if_guarded(out);
}

void lock_machine::become_holding_if_guarded(lock_effects& out) {
  if (phase_ != phase::guarding || !raising_.empty())
    return;
  phase_ = phase::holding;
  out.push_back(lock_granted{token_});
}

void lock_machine::become_over(lock_effect how, bool leaves_claim, lock_effects& out) {
  phase_ = phase::over;
  if (leaves_claim)
    ask_to_release(out);
  out.push_back(std::move(how));
}

void lock_machine::lose(error why, bool leaves_claim, lock_effects& out) {
  if (phase_ == phase::holding)
    become_over(lock_lost{std::move(why)}, leaves_claim, out);
  else
    become_over(lock_refused{std::move(why)}, leaves_claim, out);
}

// -- asking ------------------------------------------------------------------------

void lock_machine::ask_to_keep(time_ms now, lock_effects& out) {
  ask(now, keep_call{wish_.space, wish_.key, wish_.claim, 0}, until_ > now ? until_ - now : 1,
      out);
}

void lock_machine::ask(time_ms now, call_kind what, time_ms patience, lock_effects& out) {
  under_way_ = ++numbers_;
  asked_at_ = now;
  out.push_back(ask_call{under_way_, std::move(what), static_cast<std::uint32_t>(patience)});
}

void lock_machine::ask_to_release(lock_effects& out) {
  releasing_ = ++numbers_;
  out.push_back(ask_call{releasing_, release_call{wish_.space, wish_.key, wish_.claim},
                         static_cast<std::uint32_t>(release_ms)});
}

} // namespace present::client
