#pragma once

#include "actors/link/link_contract.hpp"
#include "actors/membership/membership_contract.hpp"
#include "actors/partition/partition_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace present {

/// Where a link's batches go: to the network, or in simulation to a simulated
/// wire. Thread-safe. Each batch is answered with one `link_drained`, and a
/// connection that comes or goes with `link_up` or `link_down`.
class link_wire {
public:
  virtual ~link_wire() = default;
  virtual void deliver(std::vector<link_send> batch) = 0;
  virtual void offer(cluster_map_ptr map) = 0;
};

/// Makes the wire of one link; the handle is where its news go.
using wire_factory = std::function<std::shared_ptr<link_wire>(link_actor)>;

/// One batch is on the wire at a time; the next gathers meanwhile. What gathers
/// is bounded in bytes: beyond that, and while the link is down, messages are
/// dropped, as a network may.
class link_shell final : public supervision::measured_actor<link_actor> {
public:
  link_shell(caf::actor_config& config, node_id peer,
             std::shared_ptr<supervision::address_book> addresses, wire_factory connect);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void on_send(link_send& what);
  void flush();
  void on_up(store_id store);
  void on_down();
  void tell_partitions(bool up);
  void tell_reached();

  const node_id peer_;
  const std::shared_ptr<supervision::address_book> addresses_;
  supervision::address<membership_actor> membership_;
  /// Those that have sent anything here: whoever has not has nothing to lose.
  std::map<partition_id, supervision::address<partition_actor>> partitions_;
  const wire_factory connect_;
  std::shared_ptr<link_wire> wire_;
  bool up_ = false;
  store_id store_; ///< of the peer, while it is up
  bool on_wire_ = false; ///< a batch was delivered and not yet drained
  std::deque<link_send> gathered_;
  std::size_t gathered_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

} // namespace present
