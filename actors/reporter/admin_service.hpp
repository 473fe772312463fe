#pragma once

#include "actors/reporter/cluster_reports.hpp"

#include "schemas/admin.capnp.h"

#include <memory>

namespace present {

/// The `Admin` capability: any node answers for the whole cluster, by asking its
/// peers. Lives on the network thread.
class admin_service final : public schema::Admin::Server {
public:
  explicit admin_service(std::shared_ptr<node_services> services)
      : services_(std::move(services)), reports_(services_) {}

protected:
  kj::Promise<void> status(StatusContext context) override;
  kj::Promise<void> tree(TreeContext context) override;
  kj::Promise<void> trace(TraceContext context) override;
  kj::Promise<void> metrics(MetricsContext context) override;
  kj::Promise<void> initialise(InitialiseContext context) override;
  kj::Promise<void> self(SelfContext context) override;

private:
  const std::shared_ptr<node_services> services_;
  cluster_reports reports_;
};

} // namespace present
