#pragma once

#include "actors/reporter/node_report.hpp"
#include "runtime/base/error.hpp"

#include <caf/all.hpp>

#include <memory>

/// The reporter: one per node. Puts together what operators see of the node: its
/// supervision tree and its replicas' status.
namespace present {

using node_report_ptr = std::shared_ptr<const node_report>;

/// Where a report goes. Thread-safe.
class report_route {
public:
  virtual ~report_route() = default;
  virtual void reported(node_report_ptr report) = 0;
};

/// From the network. Answered through the route, within a second: what doesn't
/// answer by then is shown as busy. Idempotent.
struct report_wanted {
  std::shared_ptr<report_route> route;
};

using reporter_actor = caf::typed_actor<caf::reacts_to<report_wanted>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::report_wanted)
