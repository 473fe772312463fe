#pragma once

#include "actors/partition/partition_addresses.hpp"
#include "actors/session/session_contract.hpp"
#include "actors/session/session_machine.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <memory>
#include <unordered_map>

namespace present {

/// Where a session's answers go: to the network, or in simulation to a simulated
/// client. Thread-safe; answers to a connection that is gone vanish.
class session_route {
public:
  virtual ~session_route() = default;
  virtual void reply(std::uint64_t number, std::shared_ptr<const response> what) = 0;
  virtual void reply_map(std::uint64_t number, result<cluster_map_ptr> map) = 0;
  /// The session is over: nothing will be answered any more.
  virtual void ended() = 0;
};

/// The shell around `session_machine`. Watches the partitions that it forwarded
/// to, so that a crash is an answer.
class session_shell final : public supervision::measured_actor<session_actor> {
public:
  /// `client`: its SPIFFE id. `may_administer`: it is an admin or a node.
  session_shell(caf::actor_config& config, std::string client, bool may_administer,
                const std::shared_ptr<supervision::address_book>& addresses,
                std::shared_ptr<session_route> route);

  /// Lets go of other actors and of the network: they hold us too, and CAF counts
  /// references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void on_call(session_call& call);
  void step(const session::event& input);
  void perform(const session::forward& what);
  void perform(const session::reply& what);

  const std::string client_;
  std::shared_ptr<session_route> route_;
  session::session_machine machine_;
  supervision::address<router_actor> router_;
  partition_addresses partitions_;
  std::unordered_map<caf::actor_addr, partition_id> watched_;
  /// By call, of those that are sampled (O1).
  std::unordered_map<std::uint64_t, observe::active_span> spans_;
};

} // namespace present
