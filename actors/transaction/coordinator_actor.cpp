#include "actors/transaction/coordinator_actor.hpp"

#include "actors/system_names.hpp"

#include <algorithm>
#include <utility>

namespace present {

namespace {

/// How long one is asked before it is asked again. What a partition has in its log by
/// then it may do all the same; each step is the same done twice as once.
constexpr std::uint32_t ask_patience_ms = 5'000;

std::shared_ptr<request> request_to(partition_id partition) {
  auto asked = std::make_shared<request>();
  asked->partition = partition;
  asked->deadline_ms = ask_patience_ms;
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
    on_down(down);
    end_turn();
  });
  describe_with([this] {
    return supervision::details{{"transactions", std::to_string(machine_.runs())}};
  });
  return {
    [this](coordinate_transactions& what) {
      for (auto& one : what.what)
        step(std::move(one));
      end_turn();
    },
    [this](const coordination_over& what) {
      step(transaction::leadership_over{what.which});
      end_turn();
    },
    [this](const partition_response& what) {
      on_response(what);
      end_turn();
    },
    [this](client::parts_answered& what) {
      for (auto& [ticket, how] : what.what)
        on_outcome(ticket, how);
      end_turn();
    },
    [this](coordinator_wake) {
      timer_.on_wake();
      step(transaction::time_passed{});
      end_turn();
    },
  };
}

/// Who has gone answers nothing any more.
void coordinator_shell::on_down(const caf::down_msg& down) {
  if (down.source == watched_client_) {
    watched_client_ = {};
    for (const auto& [ticket, steps] : std::exchange(far_, {}))
      step(transaction::asked_lost{ticket});
  } else if (const auto found = watched_.find(down.source); found != watched_.end()) {
    const auto partition = found->second;
    watched_.erase(found);
    std::erase_if(requests_, [&](const auto& one) { return one.second.partition == partition; });
    step(transaction::partition_gone{partition});
  }
}

void coordinator_shell::step(transaction::coordinator_event_kind what) {
  transaction::coordinator_effects out;
  machine_.step({time().monotonic_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
}

/// What several events have come to goes out together.
void coordinator_shell::end_turn() {
  auto asked = asks_.take(time().monotonic_ms());
  for (auto& [whom, what] : asked.of_homes)
    ask(whom, std::move(what));
  if (!asked.of_cluster.empty())
    ask(asked.of_cluster);
  for (auto& [whom, what] : std::exchange(told_, {}))
    if (const auto& to = partitions_.of(whom.partition))
      send(to, std::move(what));
  auto wake = machine_.next_wake();
  if (const auto due = asks_.next_due())
    wake = std::min(wake.value_or(*due), *due);
  timer_.arm(*this, time(), wake);
}

void coordinator_shell::ask(const transaction::leadership& whom,
                            std::vector<transaction::ask_home> what) {
  const auto& to = partitions_.of(whom.partition);
  if (!to)
    return step(transaction::partition_gone{whom.partition});
  if (watched_.emplace(to.address(), whom.partition).second)
    monitor(to);
  for (auto& one : transaction::requests_of(std::move(what))) {
    auto asked = request_to(whom.partition);
    asked->operations = std::move(one.operations);
    const auto steps = transaction::steps_marked::of(asked->operations);
    steps.reach(transaction::mark_at::asked);
    requests_.emplace(++last_request_, asked_here{whom.partition, std::move(one.tickets), steps});
    send(to, partition_request{last_request_, std::move(asked),
                               caf::actor_cast<response_listener>(this), {}, whom.at_term});
  }
}

void coordinator_shell::on_response(const partition_response& what) {
  const auto asked = requests_.extract(what.tag);
  if (!asked)
    return; // of a partition's actor that has ended
  const auto& said = *what.what;
  const auto& tickets = asked.mapped().tickets;
  asked.mapped().steps.reach(transaction::mark_at::heard);
  for (const auto& [number, place] : tickets)
    step(transaction::asked_answered{
      number,
      said.failure.code != error_code::ok ? refusal_of(said.failure) : said.answers[place]});
}

void coordinator_shell::ask(std::vector<transaction::ask_cluster>& what) {
  const auto& to = client_.get();
  if (!to) {
    for (const auto& one : what)
      step(transaction::asked_lost{one.ticket});
    return;
  }
  if (watched_client_ != to.address()) {
    watched_client_ = to.address();
    monitor(to);
  }
  client::ask_parts asked{{}, ask_patience_ms, caf::actor_cast<client::parts_listener>(this)};
  asked.what.reserve(what.size());
  for (auto& one : what) {
    const auto& [at, is_new]
      = far_.emplace(one.ticket, transaction::steps_marked::of(one.what));
    at->second.reach(transaction::mark_at::asked);
    asked.what.emplace_back(
      one.ticket,
      client::part_call{one.where, std::make_shared<const operation>(std::move(one.what)),
                        one.may_join});
  }
  send(to, std::move(asked));
}

void coordinator_shell::on_outcome(std::uint64_t ticket, client::outcome_of_call& how) {
  const auto asked = far_.extract(ticket);
  if (!asked)
    return; // of a client that has ended
  asked.mapped().reach(transaction::mark_at::heard);
  const auto& why = how.problem;
  if (why.code == error_code::ok || how.given.code == why.code)
    step(transaction::asked_answered{ticket, std::move(how.given)});
  else if (why.known == outcome::not_applied)
    step(transaction::asked_answered{ticket, refusal_of(why)});
  else
    step(transaction::asked_lost{ticket});
}

void coordinator_shell::perform(transaction::tell_asker& what) {
  auto& told = told_[what.whom];
  told.at_term = what.whom.at_term;
  told.what.push_back({what.who.tag, what.who.place, std::move(what.what)});
}

} // namespace present
