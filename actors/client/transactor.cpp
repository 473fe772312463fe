#include "actors/client/transactor.hpp"

#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"

#include <chrono>

namespace present::client {

namespace {

/// The client answers at the deadline; the margin is for its being busy.
constexpr auto client_margin = std::chrono::seconds(5);

} // namespace

outcome_of_call client_door::ask(call_kind what, std::uint32_t patience_ms) {
  outcome_of_call how;
  how.problem
    = make_error(error_code::unknown_outcome, "the client did not answer in time");
  self_
    ->request(client_, std::chrono::milliseconds(patience_ms) + client_margin,
              timed_call{std::move(what), patience_ms, std::nullopt, {}})
    .receive([&](outcome_of_call& given) { how = std::move(given); }, [](const caf::error&) {});
  return how;
}

void client_door::pause(std::uint32_t ms) {
  self_->receive(caf::after(std::chrono::milliseconds(ms)) >> [] {});
}

time_ms client_door::now() {
  return edge::machine_clock().monotonic_ns() / 1'000'000;
}

std::uint64_t client_door::wall_ms() {
  return edge::machine_clock().wall_ms();
}

std::uint64_t client_door::random() {
  return edge::machine_entropy().next();
}

auto transactor_shell::make_behavior() -> behavior_type {
  return {
    [this](const run_transaction_request& asked) { return run(asked); },
  };
}

transaction_outcome transactor_shell::run(const run_transaction_request& asked) {
  client_door door{system(), client_};
  try {
    auto done = run_transaction(door, asked.work, asked.options);
    if (done)
      return {*done, {}};
    return {{}, std::move(done.problem())};
  } catch (const std::exception& thrown) {
    return {{}, make_error(error_code::invalid,
                           std::string{"the transaction's function threw: "} + thrown.what())};
  }
}

} // namespace present::client
