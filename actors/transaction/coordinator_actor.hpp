#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/partition/partition_addresses.hpp"
#include "actors/transaction/coordinator_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <memory>
#include <unordered_map>

namespace present {

/// The shell around `coordinator_machine`. Its own partitions it asks itself, all others
/// through the node's client, which finds their leaders.
class coordinator_shell final : public supervision::measured_actor<coordinator_actor> {
public:
  coordinator_shell(caf::actor_config& config, const transaction::settings& options,
                    const std::shared_ptr<supervision::address_book>& addresses);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void step(transaction::coordinator_event_kind what);
  void perform(transaction::ask_home& what);
  void perform(transaction::ask_cluster& what);
  void perform(transaction::tell_asker& what);
  void on_response(const partition_response& what);
  void on_outcome(std::uint64_t ticket, const client::outcome_of_call& how);

  transaction::coordinator_machine machine_;
  partition_addresses partitions_;
  supervision::address<client::client_actor> client_;
  std::unordered_map<caf::actor_addr, partition_id> watched_;
  supervision::wake_timer<coordinator_wake> timer_;
};

} // namespace present
