#include "actors/client/gateway_links.hpp"

#include "runtime/edge/entropy.hpp"

#include <caf/send.hpp>

#include <kj/debug.h>

#include <set>
#include <utility>

namespace present::client {

namespace {

constexpr auto map_patience = 1000 * kj::MILLISECONDS;

} // namespace

gateway_links::gateway_links(network::network_loop& loop,
                             std::shared_ptr<network::tls_configuration> tls, node_id self,
                             std::string source)
    : loop_(loop), tls_(std::move(tls)), self_(self), source_(std::move(source)) {
}

void gateway_links::add_endpoint(const std::string& address, node_id node, bool pinned) {
  auto& there = dial(address, node);
  there.is_endpoint = true;
  there.is_pinned = pinned;
  if (node.value != 0)
    by_node_[node] = there.link;
}

/// A link that goes to the address already will do, unless it expects another node
/// there.
gateway_links::known& gateway_links::dial(const std::string& address, node_id node) {
  auto& there = by_address_[address];
  const bool is_right
    = there.link && (there.node == node || there.node.value == 0 || node.value == 0);
  if (is_right)
    return there;
  hang_up(there);
  const auto& cluster = tls_->self().trust_domain;
  network::rpc_link_options options;
  options.address = address;
  options.source = source_;
  options.expected_name = node.value == 0 ? cluster : network::node_dns_name(cluster, node);
  options.seed = edge::machine_entropy().next();
  options.reconnect.longest_ms = 250;
  there.node = node;
  there.link = &loop_.host<gateway_link>(loop_, tls_, std::move(options), cluster, node);
  return there;
}

/// Later: this may be called from a call on that very link.
void gateway_links::hang_up(known& there) {
  if (auto* link = std::exchange(there.link, nullptr))
    loop_.detach(kj::evalLater([link] { link->retire(); }));
}

void gateway_links::learn_nodes(const cluster_map& map) {
  if (map.epoch < learnt_)
    return;
  learnt_ = map.epoch;
  std::set<std::string> wanted;
  by_node_.clear();
  for (const auto& node : map.nodes) {
    if (node.id == self_ || node.state == storage::node_state::left)
      continue;
    auto* link = pinned(node.id);
    if (!link) {
      wanted.insert(node.rpc_address);
      link = dial(node.rpc_address, node.id).link;
    }
    by_node_[node.id] = link;
  }
  for (auto there = by_address_.begin(); there != by_address_.end();) {
    if (there->second.is_endpoint || wanted.contains(there->first)) {
      ++there;
      continue;
    }
    hang_up(there->second);
    there = by_address_.erase(there);
  }
}

gateway_link* gateway_links::at(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second.link;
}

gateway_link* gateway_links::find(node_id node) const {
  const auto found = by_node_.find(node);
  return found == by_node_.end() ? nullptr : found->second;
}

gateway_link* gateway_links::pinned(node_id node) const {
  for (const auto& [address, there] : by_address_)
    if (there.is_pinned && there.node == node)
      return there.link;
  return nullptr;
}

bool gateway_links::is_up(node_id node) const {
  const auto* link = find(node);
  return link && link->is_up();
}

gateway_link* gateway_links::any_up() const {
  for (const auto& [address, there] : by_address_)
    if (there.link->is_up())
      return there.link;
  return nullptr;
}

kj::Promise<void> gateway_links::wait_for_any() {
  if (any_up())
    return kj::READY_NOW;
  auto first = loop_.timer().afterDelay(map_patience);
  for (const auto& [address, there] : by_address_)
    first = first.exclusiveJoin(there.link->wait_until_up());
  return first;
}

void gateway_links::send(outgoing what) {
  if (auto* link = find(what.what.to))
    link->send(std::move(what));
  else
    caf::anon_send(what.from, attempt_failed{{what.what.attempt, true}});
}

kj::Promise<map_fetched> gateway_links::fetch_map(node_id from) {
  const bool there = is_up(from);
  auto ready = there ? kj::Promise<void>{kj::READY_NOW} : wait_for_any();
  return ready.then([this, link = there ? find(from) : nullptr]() mutable {
    if (!link)
      link = any_up();
    if (!link)
      kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "no node can be reached"));
    return link->fetch_map().then([this, node = link->node()](auto map) {
      learn_nodes(*map);
      return map_fetched{node, std::move(map)};
    });
  });
}

} // namespace present::client
