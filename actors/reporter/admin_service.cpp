#include "actors/reporter/admin_service.hpp"

#include "actors/membership/membership_contract.hpp"
#include "actors/membership/placement.hpp"
#include "actors/reporter/report_codec.hpp"
#include "actors/system_names.hpp"
#include "runtime/network/error_codec.hpp"

#include <caf/send.hpp>

namespace present {

namespace {

/// Brings the answer to a founding to the network thread.
class founding_answer final : public founding_route {
public:
  using fulfiller = kj::Own<kj::PromiseFulfiller<status>>;

  founding_answer(network::network_thread& thread, fulfiller waiting)
      : thread_(thread), waiting_(std::make_shared<fulfiller>(kj::mv(waiting))) {}

  /// A fulfiller ends where it was made.
  ~founding_answer() override {
    thread_.post([waiting = std::move(waiting_)](auto&) {});
  }

  void answered(status how) override {
    thread_.post([waiting = waiting_, how = std::move(how)](auto&) mutable {
      (*waiting)->fulfill(std::move(how));
    });
  }

private:
  network::network_thread& thread_;
  std::shared_ptr<fulfiller> waiting_;
};

} // namespace

kj::Promise<void> admin_service::status(StatusContext context) {
  return reports_.status().then([context](const cluster_status& seen) mutable {
    encode_cluster_status(seen, context.getResults().initStatus());
  });
}

kj::Promise<void> admin_service::tree(TreeContext context) {
  const node_id asked{context.getParams().getNode()};
  const auto node = asked.value == 0 ? reports_.self() : asked;
  return reports_.of(node).then([context, node](kj::Maybe<node_report> answer) mutable {
    KJ_IF_MAYBE(report, answer) {
      encode_description(report->tree, context.getResults().initRoot());
    } else {
      encode_error(make_error(error_code::no_quorum,
                              "node " + std::to_string(node.value) + " can't be reached"),
                   context.getResults().initError());
    }
  });
}

kj::Promise<void> admin_service::metrics(MetricsContext context) {
  context.getResults().setText(services_->metrics->text().c_str());
  return kj::READY_NOW;
}

kj::Promise<void> admin_service::trace(TraceContext context) {
  const auto asked = context.getParams();
  return reports_.trace({asked.getTraceHigh(), asked.getTraceLow(), 0, false})
    .then([context](const std::vector<observe::span>& found) mutable {
      encode_spans(found, context.getResults().initSpans(static_cast<unsigned>(found.size())));
    });
}

kj::Promise<void> admin_service::self(SelfContext context) {
  return services_->reports->ask().then([context](node_report_ptr report) mutable {
    auto to = context.getResults();
    encode_member(report->self, to.initSelf());
    to.setMapEpoch(report->map.epoch.value);
  });
}

kj::Promise<void> admin_service::initialise(InitialiseContext context) {
  const auto asked = context.getParams();
  std::vector<cluster_map::node> founders;
  for (const auto member : asked.getMembers())
    founders.push_back({{member.getNode()},
                        {member.getStore()},
                        storage::node_state::active,
                        member.getRpcAddress().cStr(),
                        member.getHttpAddress().cStr()});
  const auto refuse = [&](const error& why) -> kj::Promise<void> {
    encode_error(why, context.getResults().initError());
    return kj::READY_NOW;
  };
  if (auto problem = founding_problem(founders, asked.getPartitions()))
    return refuse(*problem);
  auto membership
    = services_->addresses->address_of<membership_actor>(paths::membership);
  if (!membership.get())
    return refuse(make_error(error_code::overloaded, "the node is starting"));
  auto pair = kj::newPromiseAndFulfiller<present::status>();
  caf::anon_send(membership.get(),
                 found_cluster{std::make_shared<const cluster_map>(founding_map(
                                 services_->self.cluster, std::move(founders),
                                 asked.getPartitions())),
                               std::make_shared<founding_answer>(services_->thread,
                                                                 kj::mv(pair.fulfiller))});
  return pair.promise.then([context](present::status how) mutable {
    if (!how)
      encode_error(how.problem(), context.getResults().initError());
  });
}

} // namespace present
