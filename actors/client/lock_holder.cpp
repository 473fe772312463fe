#include "actors/client/lock_holder.hpp"

#include <algorithm>
#include <utility>

namespace present::client {

/// Those who still wait hear of it: a promise holds us, too.
void lock_holder_shell::on_exit() {
  client_ = nullptr;
  for (auto& [until, one] : std::exchange(askers_, {}))
    one.deliver(caf::make_error(caf::sec::request_receiver_down));
  for (auto& one : std::exchange(leavers_, {}))
    one.deliver(caf::make_error(caf::sec::request_receiver_down));
  for (auto& [until, one] : std::exchange(watchers_, {}))
    one.deliver(caf::make_error(caf::sec::request_receiver_down));
}

auto lock_holder_shell::make_behavior() -> behavior_type {
  return {
    [this](acquire_request what) {
      auto answer = make_response_promise<caf::typed_response_promise<lock_answer>>();
      if (ended_ || machine_.is_holding()) {
        answer.deliver(ended_ ? answer_of_end() : lock_answer{machine_.token(), {}});
        return answer;
      }
      askers_.emplace(time().monotonic_ms() + what.patience_ms, answer);
      if (std::exchange(begun_, true))
        step(lock_time_passed{});
      else
        step(wish_begins{});
      return answer;
    },
    [this](watch_request what) {
      auto answer = make_response_promise<end_promise>();
      if (ended_) {
        answer.deliver(end_of_lock{true, *ended_});
        return answer;
      }
      watchers_.emplace(time().monotonic_ms() + what.patience_ms, answer);
      step(lock_time_passed{});
      return answer;
    },
    [this](release_request) {
      auto answer = make_response_promise<end_promise>();
      leavers_.push_back(answer);
      begun_ = true;
      step(let_go{});
      return answer;
    },
    [this](lock_wake) {
      timer_.on_wake();
      step(lock_time_passed{});
    },
  };
}

void lock_holder_shell::step(lock_event_kind what) {
  lock_effects out;
  machine_.step({time().monotonic_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
  answer_patient(time().monotonic_ms());
  auto wake = machine_.next_wake();
  const auto sooner = [&](time_ms at) { wake = std::min(wake.value_or(at), at); };
  if (!watchers_.empty())
    sooner(watchers_.begin()->first);
  if (!askers_.empty())
    sooner(askers_.begin()->first);
  timer_.arm(*this, time(), wake);
}

void lock_holder_shell::answer_patient(time_ms now) {
  if (ended_ && !machine_.is_releasing())
    for (auto& one : std::exchange(leavers_, {}))
      one.deliver(end_of_lock{true, *ended_});
  while (!askers_.empty() && askers_.begin()->first <= now) {
    askers_.begin()->second.deliver(lock_answer{});
    askers_.erase(askers_.begin());
  }
  while (!watchers_.empty() && watchers_.begin()->first <= now) {
    watchers_.begin()->second.deliver(end_of_lock{false, {}});
    watchers_.erase(watchers_.begin());
  }
}

void lock_holder_shell::perform(ask_call& what) {
  const auto number = what.number;
  request(client_, caf::infinite,
          timed_call{std::move(what.what), what.deadline_ms, std::nullopt, {}})
    .then([this, number](outcome_of_call& how) { step(call_ended{number, std::move(how)}); },
          [this, number](const caf::error&) {
            outcome_of_call how;
            how.problem = make_error(error_code::unknown_outcome, "the client has ended");
            step(call_ended{number, std::move(how)});
          });
}

void lock_holder_shell::perform(const lock_granted& what) {
  answer_askers({what.token, {}});
}

void lock_holder_shell::perform(const lock_refused& what) {
  end(what.why);
}

void lock_holder_shell::perform(const lock_lost& what) {
  end(what.why);
}

void lock_holder_shell::perform(const lock_ended&) {
  end({});
}

lock_answer lock_holder_shell::answer_of_end() const {
  return {{}, ended_->code == error_code::ok
                ? make_error(error_code::fenced, "the wish was taken back")
                : *ended_};
}

void lock_holder_shell::answer_askers(const lock_answer& with) {
  for (auto& [until, one] : std::exchange(askers_, {}))
    one.deliver(with);
}

void lock_holder_shell::end(const error& why) {
  ended_ = why;
  answer_askers(answer_of_end());
  for (auto& [until, one] : std::exchange(watchers_, {}))
    one.deliver(end_of_lock{true, why});
}

} // namespace present::client
