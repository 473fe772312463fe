#include "tools/present/transaction_client.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/edge/clock.hpp"
#include "storage/typed_value.hpp"

#include <chrono>

namespace present::tools {

using histories::append_value;
using histories::read_list;

namespace {

/// Values of one client lie together, so that no two clients append the same.
constexpr std::int64_t values_per_client = 1'000'000'000;
constexpr std::uint32_t final_deadline_ms = 60'000;
constexpr std::uint64_t most_steps = 4;
/// Then the others begin: what a transaction may read is bounded, and lists grow.
constexpr std::uint64_t transactions_per_list = 150;

std::uint64_t now_ns() {
  return edge::machine_clock().monotonic_ns();
}

std::vector<std::int64_t> numbers_of(const std::vector<std::string>& elements) {
  std::vector<std::int64_t> numbers;
  for (const auto& each : elements)
    numbers.push_back(std::stoll(each));
  return numbers;
}

std::vector<std::int64_t> numbers_in(const bytes_ptr& value) {
  const auto typed = value ? storage::decode_typed(*value) : std::nullopt;
  const auto* list = typed ? std::get_if<storage::list_value>(&*typed) : nullptr;
  return list ? numbers_of(list->elements) : std::vector<std::int64_t>{};
}

/// What the steps of `call` read goes into `done`.
void learn(histories::transaction& done, const storage::step_results& found) {
  for (std::size_t place = 0; place < done.actions.size(); ++place)
    if (auto* read = std::get_if<read_list>(&done.actions[place]))
      read->found = found && place < found->size() ? numbers_in((*found)[place].value)
                                                   : std::vector<std::int64_t>{};
}

} // namespace

transaction_client::transaction_client(client_session& session, const workload_plan& plan,
                                       std::uint32_t number, workload_board& board)
    : session_(session), plan_(plan), board_(board), number_(number),
      chance_(plan.seed + number) {
  options_.deadline_ms = plan.call_deadline_ms;
  options_.max_retries = 10;
  values_ = values_per_client * number;
}

status transaction_client::open_accounts(client_session& session, const workload_plan& plan) {
  const auto done = session.transact(
    [&](transaction& t) {
      for (std::uint64_t key = 0; key < plan.keys; ++key)
        t.add(plan.space, workload_key(key), opening_balance);
    },
    {.deadline_ms = final_deadline_ms});
  return done ? success() : status{done.problem()};
}

void transaction_client::run() {
  while (!board_.stopping && board_.operations < plan_.max_operations) {
    ++board_.operations;
    if (plan_.kind == workload_kind::append)
      step_append();
    else if (draw(3) == 0)
      do_read_accounts(options_);
    else
      do_transfer();
  }
}

bool transaction_client::read_all_at_last() {
  options_.deadline_ms = final_deadline_ms;
  if (plan_.kind == workload_kind::bank)
    return touch_all_accounts() && do_read_accounts(options_);
  const auto last = generation();
  for (std::uint64_t each = 0; each <= last; ++each) {
    histories::transaction all;
    all.process = process();
    for (std::uint64_t key = 0; key < plan_.keys; ++key) {
      all.actions.push_back(append_value{workload_key(key, each), ++values_});
      all.actions.push_back(read_list{workload_key(key, each), {}});
    }
    append_by_function(std::move(all));
    if (records_.lists.back().how != histories::ending::committed)
      return false;
  }
  return true;
}

/// Changes nothing, and needs every lock.
bool transaction_client::touch_all_accounts() {
  const auto done = session_.transact(
    [&](transaction& t) {
      for (std::uint64_t key = 0; key < plan_.keys; ++key)
        t.add(plan_.space, workload_key(key), 0);
    },
    options_);
  return bool{done};
}

// -- lists -----------------------------------------------------------------------------

std::uint64_t transaction_client::generation() const {
  return board_.operations / (plan_.keys * transactions_per_list);
}

void transaction_client::step_append() {
  const auto now = generation();
  histories::transaction done;
  done.process = process();
  const auto steps = 1 + draw(most_steps);
  for (std::uint64_t step = 0; step < steps; ++step) {
    const auto key = workload_key(draw(plan_.keys), now);
    if (draw(2) == 0)
      done.actions.push_back(read_list{key, {}});
    else
      done.actions.push_back(append_value{key, ++values_});
  }
  if (draw(2) == 0)
    append_at_once(std::move(done));
  else
    append_by_function(std::move(done));
}

void transaction_client::append_at_once(histories::transaction done) {
  client::transact_call call{{plan_.space}, {}};
  for (const auto& each : done.actions)
    std::visit(overloaded{
                 [&](const read_list& what) {
                   call.what.then.push_back(get_step{{0}, what.key});
                 },
                 [&](const append_value& what) {
                   call.what.then.push_back(element_step{{0}, what.key, element_change::append,
                                                         std::to_string(what.value)});
                 },
               },
               each);
  done.called = now_ns();
  const auto how
    = session_.call(std::move(call), std::chrono::milliseconds(options_.deadline_ms));
  learn(done, how.given.steps);
  note(std::move(done), how.problem.code == error_code::ok ? nullptr : &how.problem);
}

void transaction_client::append_by_function(histories::transaction done) {
  done.called = now_ns();
  const auto how = session_.transact(
    [&](transaction& t) {
      for (auto& each : done.actions)
        std::visit(overloaded{
                     [&](read_list& what) {
                       what.found = numbers_of(t.elements(plan_.space, what.key));
                     },
                     [&](const append_value& what) {
                       t.append(plan_.space, what.key, std::to_string(what.value));
                     },
                   },
                   each);
    },
    options_);
  note(std::move(done), how ? nullptr : &how.problem());
}

void transaction_client::note(histories::transaction done, const error* problem) {
  done.returned = now_ns();
  done.how = histories::ending::committed;
  if (problem) {
    const bool is_unknown = problem->known != outcome::not_applied;
    done.how = is_unknown ? histories::ending::unknown : histories::ending::aborted;
    count(*problem);
  }
  records_.lists.push_back(std::move(done));
}

void transaction_client::count(const error& problem) {
  if (problem.known == outcome::not_applied) {
    ++records_.failed[std::string{traits_of(problem.code).name}];
    return;
  }
  ++records_.unknown;
  ++lives_;
}

// -- accounts --------------------------------------------------------------------------

void transaction_client::do_transfer() {
  const auto from = workload_key(draw(plan_.keys));
  const auto to = workload_key(draw(plan_.keys));
  const auto amount = static_cast<std::int64_t>(1 + draw(20));
  if (from == to)
    return;
  const auto done = session_.transact(
    [&](transaction& t) {
      if (t.number(plan_.space, from).value_or(0) >= amount)
        t.add(plan_.space, from, -amount).add(plan_.space, to, amount);
    },
    options_);
  if (done)
    ++records_.transfers;
  else
    count(done.problem());
}

bool transaction_client::do_read_accounts(const transaction_options& options) {
  histories::bank_reading reading;
  reading.process = process();
  reading.called = now_ns();
  const auto done = session_.transact(
    [&](transaction& t) {
      for (std::uint64_t key = 0; key < plan_.keys; ++key)
        reading.balances[workload_key(key)] = t.number(plan_.space, workload_key(key)).value_or(0);
    },
    options);
  reading.returned = now_ns();
  if (!done) {
    ++records_.failed[std::string{traits_of(done.problem().code).name}]; // it reads only
    return false;
  }
  records_.readings.push_back(std::move(reading));
  return true;
}

} // namespace present::tools
