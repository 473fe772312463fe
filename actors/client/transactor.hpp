#pragma once

#include "actors/client/client_contract.hpp"
#include "actors/client/transaction.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <caf/scoped_actor.hpp>

/// Transactions as functions, run by an actor: for programs that are actors
/// themselves and must not block.
namespace present::client {

/// The function runs in the transactor's thread, perhaps several times; what it throws
/// is answered as `invalid`, with the exception's text.
struct run_transaction_request {
  transaction_work work;
  transaction_options options;
};
struct transaction_outcome {
  transacted done;
  error problem; ///< code ok: `done` counts
};

/// Answers when the transaction has ended, at its deadline and a few seconds at the
/// latest. One at a time, in their order: more take more transactors.
using transactor_actor
  = caf::typed_actor<caf::replies_to<run_transaction_request>::with<transaction_outcome>>;

/// A door that asks a client actor and waits for it. Used by one thread at a time.
class client_door final : public transaction_door {
public:
  client_door(caf::actor_system& system, client_actor client)
      : self_(system), client_(std::move(client)) {}

  outcome_of_call ask(call_kind what, std::uint32_t patience_ms) override;
  void pause(std::uint32_t ms) override;
  time_ms now() override;
  std::uint64_t wall_ms() override;
  std::uint64_t random() override;

private:
  caf::scoped_actor self_;
  client_actor client_;
};

/// Spawn it detached: it blocks.
class transactor_shell final : public supervision::measured_actor<transactor_actor> {
public:
  transactor_shell(caf::actor_config& config, client_actor client)
      : measured(config), client_(std::move(client)) {}

  void on_exit() override { client_ = nullptr; }

protected:
  behavior_type make_behavior() override;

private:
  transaction_outcome run(const run_transaction_request& asked);

  client_actor client_;
};

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::run_transaction_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::transaction_outcome)
