#pragma once

#include "actors/gate/gate_contract.hpp"
#include "tests/simulation/cluster/simulated_network.hpp"

#include <functional>
#include <map>
#include <memory>

namespace present::simulation::cluster {

/// The node's end of a client's connection: what stands where `network_door` stands
/// on the network thread. Calls go in by number, answers come back by number, each
/// once. A session that ends takes the connection with it.
class simulated_door final : public session_door,
                             public std::enable_shared_from_this<simulated_door> {
public:
  using opening = std::function<void(result<session_actor>)>;
  using answer_taker = std::function<void(std::shared_ptr<const response>)>;
  using map_taker = std::function<void(result<cluster_map_ptr>)>;

  simulated_door(std::shared_ptr<process> node, std::shared_ptr<connection> link,
                 witness& oracle, opening tell)
      : node_(std::move(node)), link_(std::move(link)), oracle_(oracle),
        opening_(std::move(tell)) {}

  // -- from the node's actors --------------------------------------------------
  void opened(result<session_actor> session) override;
  void reply(std::uint64_t number, std::shared_ptr<const response> what) override;
  void reply_map(std::uint64_t number, result<cluster_map_ptr> map) override;
  void ended() override;

  // -- from the network --------------------------------------------------------
  void call(std::shared_ptr<const request> what, answer_taker take);
  void ask_for_map(map_taker take);
  /// The client's end is gone: the session is told to end.
  void close();

private:
  const std::shared_ptr<process> node_;
  const std::shared_ptr<connection> link_;
  witness& oracle_;
  opening opening_;
  session_actor session_;
  bool over_ = false;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, answer_taker> calls_;
  std::map<std::uint64_t, map_taker> map_calls_;
};

} // namespace present::simulation::cluster
