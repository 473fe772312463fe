#pragma once

#include "actors/client/client_contract.hpp"
#include "actors/link/link_actor.hpp"
#include "actors/membership/membership_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"
#include "runtime/supervision/supervisor_contract.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace present {

/// What membership makes of a node: how children that the map asks for are started,
/// and where the data of partitions are.
struct membership_parts {
  membership::settings machine;
  std::shared_ptr<supervision::address_book> addresses;
  /// For the links' supervisor.
  std::function<supervision::child_spec(node_id peer, const std::string& address)> link_spec;
  /// For the partitions' supervisor.
  std::function<supervision::child_spec(const membership::start_replica&)> replica_spec;
  /// Partitions whose state is on the disk.
  std::function<result<std::vector<partition_id>>()> partitions_on_disk;
  /// Removes the state of one that doesn't run.
  std::function<status(partition_id)> remove_state;
};

/// The shell around `membership_machine`.
class membership_shell final : public supervision::measured_actor<membership_actor> {
public:
  membership_shell(caf::actor_config& config, membership_parts parts);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  const journal_actor& journal();
  void become_running(const journal_map& stored);
  void step(membership::event_kind what);

  void perform(const membership::store_map& what);
  void perform(const membership::publish_map& what);
  void perform(const membership::start_link& what);
  void perform(const membership::stop_link& what);
  void perform(const membership::start_replica& what);
  void perform(const membership::stop_replica& what);
  void perform(const membership::drop_replica& what);
  void perform(const membership::offer_map& what);
  void perform(const membership::ask_root& what);
  void perform(const membership::found_answered& what);

  using supervisor_address = supervision::address<supervision::supervisor_handle>;
  using on_stopped = std::function<void()>;
  using on_there = std::function<void()>; ///< it runs already

  void start_under(supervisor_address& supervisor, supervision::child_spec spec,
                   on_there then = {});
  void stop_under(supervisor_address& supervisor, const std::string& id, on_stopped then);
  void remove_data(const membership::drop_replica& what);

  const membership_parts parts_;
  supervision::address<journal_actor> journal_;
  supervision::address<router_actor> router_;
  supervision::address<client::client_actor> client_;
  supervisor_address links_;
  supervisor_address partitions_;
  /// Links that are up. A link may say so before its supervisor, which has others to
  /// look after, has made its address known; what isn't offered then never would be.
  std::map<node_id, link_actor> up_;
  membership::membership_machine machine_;
  std::unordered_map<std::uint64_t, std::shared_ptr<founding_route>> askers_;
  std::uint64_t last_asker_ = 0;
  supervision::wake_timer<membership_wake> timer_;
  /// A child that is being stopped, and who is to take its name then.
  using child_name = std::pair<const supervisor_address*, std::string>;
  std::map<child_name, std::optional<supervision::child_spec>> stopping_;
};

} // namespace present
