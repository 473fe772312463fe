#include "actors/transaction/coordinator_actor.hpp"

#include "actors/system_names.hpp"

#include <utility>

namespace present {

namespace {

/// How long one is asked before it is asked again. What a partition has in its log by
/// then it may do all the same; each step is the same done twice as once.
constexpr std::uint32_t ask_patience_ms = 5'000;

std::shared_ptr<const request> request_for(const transaction::ask_home& what) {
  auto asked = std::make_shared<request>();
  asked->partition = what.whom.partition;
  asked->deadline_ms = ask_patience_ms;
  asked->operations.push_back(what.what);
  return asked;
}

/// What a partition refused as a whole.
answer refusal_of(const error& why) {
  answer said;
  said.code = why.code;
  said.known = why.known;
  said.message = why.message;
  return said;
}

} // namespace

coordinator_shell::coordinator_shell(
  caf::actor_config& config, const transaction::settings& options,
  const std::shared_ptr<supervision::address_book>& addresses)
    : measured(config), machine_(options), partitions_(addresses),
      client_(addresses->address_of<client::client_actor>(paths::client)) {
}

void coordinator_shell::on_exit() {
  partitions_.clear();
  client_ = {};
}

auto coordinator_shell::make_behavior() -> behavior_type {
  set_down_handler([this](const caf::down_msg& down) {
    if (const auto found = watched_.find(down.source); found != watched_.end()) {
      const auto partition = found->second;
      watched_.erase(found);
      step(transaction::partition_gone{partition});
    }
  });
  describe_with([this] {
    return supervision::details{{"transactions", std::to_string(machine_.runs())}};
  });
  return {
    [this](coordinate_transaction& what) { step(std::move(what.what)); },
    [this](const partition_response& what) { on_response(what); },
    [this](coordinator_wake) {
      timer_.on_wake();
      step(transaction::time_passed{});
    },
  };
}

void coordinator_shell::step(transaction::coordinator_event_kind what) {
  transaction::coordinator_effects out;
  machine_.step({time().monotonic_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
  timer_.arm(*this, time(), machine_.next_wake());
}

void coordinator_shell::perform(transaction::ask_home& what) {
  const auto& to = partitions_.of(what.whom.partition);
  if (!to) {
    step(transaction::partition_gone{what.whom.partition});
    return;
  }
  if (watched_.emplace(to.address(), what.whom.partition).second)
    monitor(to);
  send(to, partition_request{what.ticket, request_for(what),
                             caf::actor_cast<response_listener>(this), {}, what.whom.at_term});
}

void coordinator_shell::on_response(const partition_response& what) {
  if (what.what->failure.code != error_code::ok)
    step(transaction::asked_answered{what.tag, refusal_of(what.what->failure)});
  else
    step(transaction::asked_answered{what.tag, what.what->answers.front()});
}

void coordinator_shell::perform(transaction::ask_cluster& what) {
  const auto ticket = what.ticket;
  const auto& client = client_.get();
  if (!client) {
    step(transaction::asked_lost{ticket});
    return;
  }
  client::timed_call call{
    client::part_call{what.where, std::make_shared<const operation>(std::move(what.what))},
    ask_patience_ms, std::nullopt, {}};
  request(client, caf::infinite, std::move(call))
    .then([this, ticket](const client::outcome_of_call& how) { on_outcome(ticket, how); },
          [this, ticket](const caf::error&) { step(transaction::asked_lost{ticket}); });
}

void coordinator_shell::on_outcome(std::uint64_t ticket, const client::outcome_of_call& how) {
  const auto& why = how.problem;
  if (why.code == error_code::ok || how.given.code == why.code)
    step(transaction::asked_answered{ticket, how.given});
  else if (why.known == outcome::not_applied)
    step(transaction::asked_answered{ticket, refusal_of(why)});
  else
    step(transaction::asked_lost{ticket});
}

void coordinator_shell::perform(transaction::tell_asker& what) {
  if (const auto& to = partitions_.of(what.whom.partition))
    send(to, transaction_answered{what.who.tag, what.who.place, what.whom.at_term,
                                  std::move(what.what)});
}

} // namespace present
