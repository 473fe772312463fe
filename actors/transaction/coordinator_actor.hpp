#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/partition/partition_addresses.hpp"
#include "actors/transaction/coordinator_contract.hpp"
#include "actors/transaction/gathered_asks.hpp"
#include "actors/transaction/marks.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

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
  void end_turn();
  void perform(transaction::ask_home& what) { asks_.push(time().monotonic_ms(), std::move(what)); }
  void perform(transaction::ask_cluster& what) {
    asks_.push(time().monotonic_ms(), std::move(what));
  }
  void perform(transaction::tell_asker& what);
  void ask(const transaction::leadership& whom, std::vector<transaction::ask_home> what);
  void ask(std::vector<transaction::ask_cluster>& what);
  void on_down(const caf::down_msg& down);
  void on_response(const partition_response& what);
  void on_outcome(std::uint64_t ticket, client::outcome_of_call& how);

  struct asked_here {
    partition_id partition;
    std::vector<transaction::home_request::ticket> tickets;
    transaction::steps_marked steps;
  };

  transaction::coordinator_machine machine_;
  transaction::gathered_asks asks_;
  std::map<transaction::leadership, transactions_answered> told_; ///< in this turn
  partition_addresses partitions_;
  supervision::address<client::client_actor> client_;
  std::unordered_map<caf::actor_addr, partition_id> watched_;
  caf::actor_addr watched_client_;
  // What has no answer yet: requests to partitions here, by their number, and tickets of
  // what the client was asked.
  std::unordered_map<std::uint64_t, asked_here> requests_;
  std::unordered_map<std::uint64_t, transaction::steps_marked> far_;
  std::uint64_t last_request_ = 0;
  supervision::wake_timer<coordinator_wake> timer_;
};

} // namespace present
