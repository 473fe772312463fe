#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/reporter/node_report.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/network/tls_configuration.hpp"
#include "runtime/observe/span.hpp"
#include "runtime/supervision/guest_scheduler.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace present::client {

class gateway_links;

/// Where a cluster can be found, and who we are there.
struct connect_options {
  struct endpoint {
    std::string address; ///< "127.0.1.1:7400"
    node_id node;        ///< 0: any node of the cluster
    /// The node is reached here only, whatever its address in the cluster's map: a
    /// port that is forwarded.
    bool pinned = false;
  };
  std::vector<endpoint> endpoints; ///< one that answers is enough
  std::string authority;           ///< paths of PEM files
  std::string certificate;
  std::string key;
};

/// What a node says of itself, in a cluster or not.
struct node_self {
  member_status who;
  map_epoch epoch; ///< 0: it has not heard of a cluster
};

/// A program's connections to a cluster: one per node, shared by all its client
/// actors. Nodes that the endpoints don't name are learnt from the map.
/// Thread-safe.
class client_network final : public client_route {
public:
  /// Returns at once: connections are made in the background, and calls wait for
  /// them up to their deadlines. Errors: files that can't be read, certificates
  /// that don't fit together.
  static result<std::shared_ptr<client_network>> open(const connect_options& options);
  ~client_network() noexcept override;

  /// Its thread, for actors that may not outlive it.
  supervision::host_thread host();

  void send(const send_attempt& what, const client_actor& from) override;
  void fetch_map(node_id from, const client_actor& asker) override;

  /// As some node knows it. Blocks the caller.
  result<cluster_map_ptr> map(std::chrono::milliseconds patience);

  // For operators; block the caller. Need an admin's certificate.
  result<cluster_status> status(std::chrono::milliseconds patience);
  result<supervision::description> tree(node_id node, std::chrono::milliseconds patience);
  /// What the nodes remember of a trace; empty: nothing.
  result<std::vector<observe::span>> trace(const observe::trace_context& which,
                                           std::chrono::milliseconds patience);
  /// Who listens at that endpoint.
  result<node_self> self(const std::string& endpoint, std::chrono::milliseconds patience);
  /// Asks the node at that endpoint to found a cluster with these members (P19).
  present::status initialise(const std::string& endpoint, const std::vector<member_status>& members,
                    std::uint32_t partitions, std::chrono::milliseconds patience);

private:
  explicit client_network(network::log_sink log);
  template <class T, class Ask>
  result<T> ask_any(Ask ask, std::chrono::milliseconds patience);
  template <class T, class Find, class Ask>
  result<T> ask_link(Find find, Ask ask, std::chrono::milliseconds patience);
  template <class T, class Ask>
  result<T> ask_admin(Ask ask, std::chrono::milliseconds patience);
  template <class T, class Ask>
  result<T> ask_admin_at(const std::string& endpoint, Ask ask,
                         std::chrono::milliseconds patience);

  gateway_links* links_ = nullptr; ///< the network thread's
  // Last, so that it ends first.
  network::network_thread thread_;
};

} // namespace present::client
