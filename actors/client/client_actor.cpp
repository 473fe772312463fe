#include "actors/client/client_actor.hpp"

#include "actors/client/packed_parts.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <utility>

namespace present::client {

client_shell::client_shell(caf::actor_config& config, const settings& options,
                           std::shared_ptr<client_route> route)
    : measured(config), machine_(options), route_(std::move(route)) {
}

void client_shell::on_exit() {
  route_.reset();
  told_.clear();
  for (auto& one : std::exchange(enders_, {}))
    one.deliver(caf::make_error(caf::sec::request_receiver_down));
  for (auto& [id, asked] : std::exchange(callers_, {}))
    std::visit(overloaded{
                 [](promise& one) {
                   one.deliver(caf::make_error(caf::sec::request_receiver_down));
                 },
                 [](batch_place& one) {
                   outcome_of_call lost;
                   lost.problem
                     = make_error(error_code::unknown_outcome, "the client ended");
                   complete_place(one, std::move(lost));
                 },
                 [](part_tickets&) {}, // who asked watches us
               },
               asked);
}

auto client_shell::make_behavior() -> behavior_type {
  return {
    [this](get_call& what) { return begin(timed_call{std::move(what)}); },
    [this](scan_call& what) { return begin(timed_call{std::move(what)}); },
    [this](put_call& what) { return begin(timed_call{std::move(what)}); },
    [this](remove_call& what) { return begin(timed_call{std::move(what)}); },
    [this](create_space& what) { return begin(timed_call{std::move(what)}); },
    [this](drop_space& what) { return begin(timed_call{std::move(what)}); },
    [this](timed_call& what) { return begin(std::move(what)); },
    [this](batch_call& what) { return begin(std::move(what)); },
    [this](end_session_request what) { return end_session(what); },
    [this](routed_batch& what) {
      auto batch = std::make_shared<open_batch>();
      batch->to = std::move(what.to);
      begin(std::move(what.what), std::move(batch));
    },
    [this](ask_parts& what) { begin(std::move(what)); },
    [this](attempts_answered& what) {
      for (auto& one : what.what)
        step(std::move(one));
      end_turn();
    },
    [this](attempt_failed& what) {
      step(what.what);
      end_turn();
    },
    [this](map_fetched& what) {
      if (what.map)
        step(map_arrived{what.from, std::move(what.map)});
      else
        step(map_failed{what.from});
      end_turn();
    },
    [this](client_wake) {
      timer_.on_wake();
      step(time_passed{});
      end_turn();
    },
  };
}

auto client_shell::begin(timed_call what) -> promise {
  const auto id = ++last_call_;
  auto answer = make_response_promise<promise>();
  callers_.emplace(id, answer);
  step(called{id, std::move(what.what), what.deadline_ms, what.name, what.trace});
  end_turn();
  return answer;
}

auto client_shell::begin(batch_call what) -> batch_promise {
  auto batch = std::make_shared<open_batch>();
  auto answer = batch->asker = make_response_promise<batch_promise>();
  begin(std::move(what), std::move(batch));
  return answer;
}

void client_shell::begin(batch_call what, std::shared_ptr<open_batch> batch) {
  batch->how.outcomes.resize(what.calls.size());
  batch->open = what.calls.size();
  if (what.calls.empty())
    finish(*batch);
  for (std::size_t place = 0; place < what.calls.size(); ++place) {
    const auto id = ++last_call_;
    callers_.emplace(id, batch_place{batch, place});
    auto name = what.name;
    if (name)
      name->place += static_cast<std::uint32_t>(place);
    step(called{id, std::move(what.calls[place]), what.deadline_ms, name, what.trace});
  }
  end_turn();
}

void client_shell::begin(ask_parts what) {
  auto parts = pack_parts(std::move(what.what), [this](const anchor& where) {
    return machine_.partition_of(where);
  });
  for (auto& one : parts) {
    const auto id = ++last_call_;
    callers_.emplace(id, part_tickets{what.to, one.ticket, std::move(one.more)});
    step(called{id, std::move(one.what), what.deadline_ms, std::nullopt, {}});
  }
  end_turn();
}

auto client_shell::end_session(end_session_request what) -> end_promise {
  auto answer = make_response_promise<end_promise>();
  if (has_ended_) {
    answer.deliver(session_over{});
    return answer;
  }
  enders_.push_back(answer);
  step(session_closing{what.patience_ms});
  end_turn();
  return answer;
}

void client_shell::perform(const session_ended&) {
  has_ended_ = true;
  for (auto& one : std::exchange(enders_, {}))
    one.deliver(session_over{});
}

void client_shell::complete_place(batch_place& one, outcome_of_call how) {
  one.batch->how.outcomes[one.place] = std::move(how);
  if (--one.batch->open == 0)
    finish(*one.batch);
}

void client_shell::finish(open_batch& batch) {
  if (batch.to)
    batch.to->completed(std::move(batch.how));
  else
    batch.asker.deliver(std::move(batch.how));
}

void client_shell::step(event_kind what) {
  effects out;
  machine_.step({time().monotonic_ms(), time().wall_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
}

/// What several events have come to goes out together.
void client_shell::end_turn() {
  if (auto attempts = std::exchange(attempts_, {}); attempts.size() == 1)
    route_->send(attempts.front(), caf::actor_cast<client_actor>(this));
  else if (!attempts.empty())
    route_->send_all(std::move(attempts), caf::actor_cast<client_actor>(this));
  for (auto& [to, told] : std::exchange(told_, {}))
    send(to, std::move(told));
  timer_.arm(*this, time(), machine_.next_wake());
}

void client_shell::perform(send_attempt& what) {
  attempts_.push_back(std::move(what));
}

void client_shell::perform(const fetch_map& what) {
  route_->fetch_map(what.from, caf::actor_cast<client_actor>(this));
}

void client_shell::perform(complete& what) {
  const auto found = callers_.find(what.id);
  check(found != callers_.end(), "I1: a call is completed twice");
  auto asked = std::move(found->second);
  callers_.erase(found);
  std::visit(overloaded{
               [&](promise& one) { one.deliver(std::move(what.how)); },
               [&](batch_place& one) { complete_place(one, std::move(what.how)); },
               [&](part_tickets& one) {
                 auto& told = told_[one.to].what;
                 for (const auto ticket : one.more)
                   told.emplace_back(ticket, what.how);
                 told.emplace_back(one.ticket, std::move(what.how));
               },
             },
             asked);
}

} // namespace present::client
