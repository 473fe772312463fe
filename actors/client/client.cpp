#include "actors/client/client.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/supervision/caf_settings.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <mutex>

namespace present {

namespace {

/// The actor answers at the deadline; the margin is for its being busy.
constexpr auto actor_patience = std::chrono::seconds(5);

client::outcome_of_call no_answer() {
  client::outcome_of_call outcome;
  outcome.problem
    = make_error(error_code::unknown_outcome, "the client did not answer in time");
  return outcome;
}

result<batch_answer> as_batch_answer(client::outcome_of_call outcome) {
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  return batch_answer{outcome.given.value ? *outcome.given.value : std::string{},
                      outcome.given.version, outcome.given.repeated, outcome.attempts};
}

} // namespace

result<written> as_written(client::outcome_of_call outcome) {
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  return written{outcome.given.version, outcome.given.repeated, outcome.attempts,
                 outcome.given.conflict};
}

/// The actors run on the thread of the network that they talk through, and end before it.
struct client_session::body {
  explicit body(std::shared_ptr<client::client_network> through) : network(std::move(through)) {}

  const std::shared_ptr<client::client_network> network;
  supervision::caf_settings settings{network->host()};
  caf::actor_system system{settings};
  std::mutex mutex;
  std::vector<client::client_actor> clients; ///< guarded by mutex
  std::vector<client::transactor_actor> transactors; ///< guarded by mutex
  std::vector<caf::actor_addr> watchers;             ///< guarded by mutex
  std::vector<caf::actor_addr> locks; ///< guarded by mutex

  client::client_actor spawn() {
    client::settings options;
    options.id = {edge::machine_entropy().next_id()};
    options.seed = edge::machine_entropy().next();
    auto made = system.spawn<client::client_shell>(
      options, std::static_pointer_cast<client::client_route>(network));
    const std::lock_guard hold(mutex);
    clients.push_back(made);
    return made;
  }

  client::transactor_actor spawn_transactor() {
    auto made = system.spawn<client::transactor_shell, caf::detached>(spawn());
    const std::lock_guard hold(mutex);
    transactors.push_back(made);
    return made;
  }

  client::watcher_actor spawn_watcher(const client::watch_options& what,
                                     const client::watch_listener& listener) {
    auto made = system.spawn<client::watcher_shell>(
      client::watch_stream::settings{what, edge::machine_entropy().next()}, clients.front(),
      listener);
    const std::lock_guard hold(mutex);
    std::erase_if(watchers, [](const auto& one) { return !caf::actor_cast<caf::actor>(one); });
    watchers.push_back(made.address());
    return made;
  }

  client::lock_actor spawn_lock(client::lock_wish wish) {
    const auto made
      = system.spawn<client::lock_holder_shell>(std::move(wish), clients.front());
    const std::lock_guard hold(mutex);
    std::erase_if(locks, [](const caf::actor_addr& one) {
      return !caf::actor_cast<caf::strong_actor_ptr>(one);
    });
    locks.push_back(made.address());
    return made;
  }

  /// Those that hold locks first, so that they don't ask for them anew.
  void end_sessions(std::chrono::milliseconds patience) {
    std::vector<client::client_actor> ending;
    {
      const std::lock_guard hold(mutex);
      for (const auto& one : locks)
        if (const auto there = caf::actor_cast<caf::strong_actor_ptr>(one))
          caf::anon_send_exit(there, caf::exit_reason::user_shutdown);
      ending = clients;
    }
    const client::end_session_request asked{static_cast<std::uint32_t>(patience.count())};
    caf::scoped_actor self{system};
    std::vector<decltype(self->request(ending.front(), patience + actor_patience, asked))> open;
    for (const auto& one : ending)
      open.push_back(self->request(one, patience + actor_patience, asked));
    for (auto& one : open)
      one.receive([](client::session_over) {}, [](const caf::error&) {});
  }

  ~body() {
    end_sessions(std::chrono::seconds(2));
    for (const auto& one : watchers)
      if (const auto there = caf::actor_cast<caf::actor>(one))
        caf::anon_send_exit(there, caf::exit_reason::user_shutdown);
    for (const auto& one : transactors)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    for (const auto& one : clients)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  }
};

client_session::client_session(std::unique_ptr<body> made) : body_(std::move(made)) {
}

client_session::~client_session() = default;

result<std::unique_ptr<client_session>>
client_session::connect(const client::connect_options& options) {
  auto network = client::client_network::open(options);
  if (!network)
    return network.problem();
  auto made = std::make_unique<body>(std::move(*network));
  made->spawn();
  return std::unique_ptr<client_session>{new client_session(std::move(made))};
}

void client_session::end(deadline patience) {
  body_->end_sessions(patience);
}

template <class Outcome, class Message>
Outcome client_session::ask(Message what, deadline patience, Outcome otherwise) {
  const auto limit
    = (patience.count() ? patience : deadline{bounds::default_deadline_ms}) + actor_patience;
  caf::scoped_actor self{body_->system};
  self->request(body_->clients.front(), limit, std::move(what))
    .receive([&](Outcome& answer) { otherwise = std::move(answer); },
             [](const caf::error&) {});
  return otherwise;
}

client::outcome_of_call client_session::call(client::call_kind what, deadline patience,
                                             const observe::trace_context& trace) {
  const auto ms = static_cast<std::uint32_t>(patience.count());
  return ask(client::timed_call{std::move(what), ms, std::nullopt, trace}, patience,
             no_answer());
}

std::vector<result<batch_answer>> client_session::run(batch what, deadline patience,
                                                      const observe::trace_context& trace) {
  client::batch_call asked;
  asked.calls = std::move(what).take();
  asked.deadline_ms = static_cast<std::uint32_t>(patience.count());
  asked.trace = trace;
  client::batch_outcome otherwise;
  otherwise.outcomes.assign(asked.calls.size(), no_answer());
  auto how = ask(std::move(asked), patience, std::move(otherwise));
  std::vector<result<batch_answer>> answers;
  answers.reserve(how.outcomes.size());
  for (auto& one : how.outcomes)
    answers.push_back(as_batch_answer(std::move(one)));
  return answers;
}

result<transacted> client_session::run_work(const transaction_work& work,
                                            const transaction_options& options) {
  client::client_door door{body_->system, body_->clients.front()};
  return run_transaction(door, work, options);
}

std::unique_ptr<watch_reader> client_session::watch(const client::watch_options& what) {
  return std::make_unique<watch_reader>(
    body_->system, [&](const client::watch_listener& listener) {
      return body_->spawn_watcher(what, listener);
    });
}

client::watcher_actor client_session::spawn_watcher(const client::watch_options& what,
                                                    const client::watch_listener& listener) {
  return body_->spawn_watcher(what, listener);
}

client::transactor_actor client_session::spawn_transactor() {
  return body_->spawn_transactor();
}

result<found_value> client_session::get(const std::string& space, const std::string& key,
                                        deadline patience) {
  return get_at(space, key, {}, patience);
}

result<found_value> client_session::get_at(const std::string& space, const std::string& key,
                                           hlc_stamp at, deadline patience) {
  auto outcome = call(client::get_call{space, key, false, at}, patience);
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  return found_value{outcome.given.value ? *outcome.given.value : std::string{},
                     outcome.given.version};
}

result<written> client_session::put(const std::string& space, const std::string& key,
                                    std::string value, condition when, deadline patience) {
  return as_written(call(
    client::put_call{space, key, std::make_shared<const std::string>(std::move(value)), when},
    patience));
}

result<written> client_session::remove(const std::string& space, const std::string& key,
                                       condition when, deadline patience) {
  return as_written(call(client::remove_call{space, key, when}, patience));
}

result<written> client_session::put(const std::string& space, const std::string& key,
                                    std::string value, const write_context& knows,
                                    deadline patience) {
  return as_written(call(
    client::put_call{space, key, std::make_shared<const std::string>(std::move(value)),
                     always{}, {}, knows},
    patience));
}

result<written> client_session::remove(const std::string& space, const std::string& key,
                                       const write_context& knows, deadline patience) {
  return as_written(call(client::remove_call{space, key, always{}, {}, knows}, patience));
}

result<written> client_session::set_space(const present::set_space& what, deadline patience) {
  return as_written(call(what, patience));
}

result<escalated_page> client_session::escalations(const std::string& space,
                                                   const scan_options& what,
                                                   deadline patience) {
  client::scan_call asked{space, what.first, what.last, what.limit, what.keys_only};
  asked.escalated = true;
  auto outcome = call(std::move(asked), patience);
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  return escalated_page{std::move(outcome.given.escalated), outcome.given.more};
}

result<written> client_session::settle_escalation(const std::string& space,
                                                  const std::string& key, hlc_stamp write,
                                                  bool accept, deadline patience) {
  return as_written(call(client::settle_call{space, key, write, accept}, patience));
}

result<written> client_session::compare_and_set(const std::string& space,
                                                const std::string& key, hlc_stamp expected,
                                                std::string value, deadline patience) {
  const condition when
    = expected.value == 0 ? condition{if_absent{}} : condition{if_version{expected}};
  return put(space, key, std::move(value), when, patience);
}

result<written> client_session::put(const std::string& space, const std::string& key,
                                    std::string value, const client::fence_name& fence,
                                    condition when, deadline patience) {
  return as_written(call(
    client::put_call{space, key, std::make_shared<const std::string>(std::move(value)), when,
                     fence},
    patience));
}

result<written> client_session::remove(const std::string& space, const std::string& key,
                                       const client::fence_name& fence, condition when,
                                       deadline patience) {
  return as_written(call(client::remove_call{space, key, when, fence}, patience));
}

client::lock_actor client_session::spawn_lock(const std::string& space, const std::string& name,
                                              const lock_options& how) {
  client::lock_wish wish{space, name, {edge::machine_entropy().next_id()}};
  wish.lease_ms = static_cast<std::uint32_t>(how.lease.count());
  wish.patience_ms = static_cast<std::uint32_t>(how.patience.count());
  wish.owner = how.owner;
  wish.value = how.value;
  wish.guards = how.guards;
  return body_->spawn_lock(std::move(wish));
}

/// The holder answers when its patience and a call's deadline are over, at the latest.
result<held_lock> client_session::lock(const std::string& space, const std::string& name,
                                       const lock_options& how) {
  auto held = begin_lock(space, name, how)
                .wait(how.patience + how.lease + deadline{bounds::default_deadline_ms}
                      + actor_patience);
  if (!held)
    return std::move(no_answer().problem);
  return std::move(*held);
}

result<lock_standing> client_session::read_lock(const std::string& space,
                                                const std::string& name, hlc_stamp known,
                                                deadline wait, deadline patience) {
  if (patience.count() == 0)
    patience = deadline{bounds::default_deadline_ms} + wait;
  auto outcome = call(
    client::read_lock_call{space, name, known, static_cast<std::uint32_t>(wait.count())},
    patience);
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  return outcome.given.lock ? *outcome.given.lock : lock_standing{};
}

result<found_page> client_session::scan(const std::string& space, const scan_options& what,
                                        deadline patience) {
  auto outcome = call(
    client::scan_call{space, what.first, what.last, what.limit, what.keys_only, false,
                      what.at},
    patience);
  if (outcome.problem.code != error_code::ok)
    return std::move(outcome.problem);
  found_page page;
  page.more = outcome.given.more;
  for (auto& row : outcome.given.rows)
    page.rows.push_back({std::move(row.key), row.value ? *row.value : std::string{}, row.version});
  return page;
}

result<written> client_session::create_space(const present::create_space& what,
                                             deadline patience) {
  return as_written(call(what, patience));
}

result<written> client_session::drop_space(const std::string& name, deadline patience) {
  return as_written(call(present::drop_space{name}, patience));
}

result<cluster_map_ptr> client_session::map(deadline patience) {
  return body_->network->map(patience);
}

result<client::node_self> client_session::self(const std::string& endpoint,
                                               deadline patience) {
  return body_->network->self(endpoint, patience);
}

present::status client_session::initialise(const std::string& endpoint,
                                  const std::vector<member_status>& members,
                                  std::uint32_t partitions, deadline patience) {
  return body_->network->initialise(endpoint, members, partitions, patience);
}

result<cluster_status> client_session::status(deadline patience) {
  return body_->network->status(patience);
}

result<supervision::description> client_session::tree(node_id node, deadline patience) {
  return body_->network->tree(node, patience);
}

result<std::vector<observe::span>>
client_session::trace(const observe::trace_context& which, deadline patience) {
  return body_->network->trace(which, patience);
}

client::client_actor client_session::spawn_client() {
  return body_->spawn();
}

client::load_result client_session::run_load(client::load_plan plan, std::size_t clients) {
  while (plan.clients.size() < clients)
    plan.clients.push_back(spawn_client());
  caf::scoped_actor self{body_->system};
  const auto load = body_->system.spawn<client::load_shell>();
  client::load_result outcome;
  self->request(load, caf::infinite, std::move(plan))
    .receive([&](client::load_result& answer) { outcome = std::move(answer); },
             [&](const caf::error& problem) {
               outcome.errors[body_->system.render(problem)] = 1;
             });
  caf::anon_send_exit(load, caf::exit_reason::user_shutdown);
  return outcome;
}

caf::actor_system& client_session::system() {
  return body_->system;
}

} // namespace present
