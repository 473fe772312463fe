#pragma once

#include "actors/client/call_pace.hpp"
#include "actors/client/client_actor.hpp"
#include "actors/client/lane_name.hpp"
#include "runtime/network/reconnect_schedule.hpp"
#include "tests/simulation/cluster/peer_links.hpp"
#include "tests/simulation/cluster/session_door.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace present::simulation::cluster {

class simulated_route;

/// A client process's connection to one node, shared by its client actors: what
/// stands where `gateway_link` stands on the network thread, and keeps its pace: what
/// they send while a call is under way gathers and goes in one call.
class simulated_gateway : public std::enable_shared_from_this<simulated_gateway> {
public:
  simulated_gateway(simulated_network& network, std::shared_ptr<process> life, node_id node,
                    node_finder find, std::uint32_t codec_per_mille,
                    std::weak_ptr<simulated_route> route);

  void start() { dial(); }
  bool is_up() const { return door_ != nullptr; }
  node_id node() const { return node_; }

  void send(client::send_attempt what, client::client_actor from);
  void fetch_map(client::client_actor asker);
  /// The process has ended: its actors are to be let go of.
  void close();

private:
  struct outgoing {
    client::send_attempt what;
    client::client_actor from;
  };
  using batch = std::vector<outgoing>;

  /// What goes to one partition, the steps of commits apart.
  struct lane {
    std::deque<outgoing> gathered;
    client::call_pace pace;
  };
  struct pending {
    client::lane_name name;
    batch what;
    std::uint64_t sent_at = 0;
  };

  void dial();
  void open_session(std::shared_ptr<connection> made);
  void on_opened(std::shared_ptr<simulated_door> door, result<session_actor> session);
  void on_down();
  void retry(std::uint64_t lived);
  void flush();
  batch take_batch(std::deque<outgoing>& queue);
  request request_of(const batch& what) const;
  void call(const client::lane_name& name, batch what);
  void on_answer(std::uint64_t number, std::shared_ptr<const response> what);
  void on_answered(const pending& call);
  std::shared_ptr<const request> through_codec(std::shared_ptr<const request> what);
  std::shared_ptr<const response> through_codec(std::shared_ptr<const response> what);
  cluster_map_ptr through_codec(cluster_map_ptr what);
  static void fail(batch& what, bool never_sent);

  simulated_network& network_;
  const std::shared_ptr<process> life_;
  const node_id node_;
  const node_finder find_;
  const std::uint32_t codec_per_mille_;
  const std::weak_ptr<simulated_route> route_; ///< that it belongs to
  network::reconnect_schedule schedule_;
  std::shared_ptr<connection> connection_;
  std::shared_ptr<simulated_door> door_; ///< null: down
  std::uint64_t up_since_ = 0;
  std::map<client::lane_name, lane> lanes_;
  std::map<std::uint64_t, pending> under_way_;
  std::map<std::uint64_t, client::client_actor> asking_for_map_;
  std::uint64_t last_number_ = 0;
  bool flush_scheduled_ = false;
};

/// All of a client process's ways into the cluster.
class simulated_route final : public client::client_route,
                              public std::enable_shared_from_this<simulated_route> {
public:
  simulated_route(simulated_network& network, std::shared_ptr<process> life, node_finder find,
                  std::uint32_t codec_per_mille)
      : network_(network), life_(std::move(life)), find_(std::move(find)),
        codec_per_mille_(codec_per_mille) {}

  void add_node(node_id node);
  /// Those of a map; `self` is never dialled.
  void learn_nodes(const cluster_map& map);
  bool is_up(node_id node) const;
  void close();

  void send(const client::send_attempt& what, const client::client_actor& from) override;
  void fetch_map(node_id from, const client::client_actor& asker) override;

private:
  simulated_gateway* any_up() const;
  void wait_for_map(node_id from, client::client_actor asker, std::uint64_t until);

  simulated_network& network_;
  const std::shared_ptr<process> life_;
  const node_finder find_;
  const std::uint32_t codec_per_mille_;
  std::map<node_id, std::shared_ptr<simulated_gateway>> gateways_;
};

} // namespace present::simulation::cluster
