#pragma once

#include "actors/gate/gate_service.hpp"
#include "actors/reporter/node_report.hpp"

#include <kj/async.h>

#include <memory>
#include <vector>

namespace present {

/// What any node says for the whole cluster: it asks its peers over their links. For
/// the network thread.
class cluster_reports {
public:
  explicit cluster_reports(std::shared_ptr<node_services> services)
      : services_(std::move(services)) {}

  /// Of this node, and of those that answer in time.
  kj::Promise<std::vector<node_report>> all();
  /// Empty: it can't be reached.
  kj::Promise<kj::Maybe<node_report>> of(node_id node);

  kj::Promise<cluster_status> status();
  /// Every node's tree below one root; a node that doesn't answer is there, down.
  kj::Promise<supervision::description> tree();

  /// What this node and those that answer in time remember of a trace, by start time.
  kj::Promise<std::vector<observe::span>> trace(const observe::trace_context& which);

  node_id self() const { return services_->self.node; }

private:
  std::shared_ptr<node_services> services_;
};

} // namespace present
