#include "actors/reporter/admin_service.hpp"

#include "actors/reporter/report_codec.hpp"
#include "runtime/network/error_codec.hpp"

namespace present {

namespace {

/// A peer that doesn't answer within this is shown as down.
constexpr auto patience = 1500 * kj::MILLISECONDS;

} // namespace

kj::Promise<kj::Maybe<node_report>> admin_service::report_of(node_id node) {
  if (node == services_->self.node)
    return services_->reports->ask().then(
      [](node_report_ptr report) -> kj::Maybe<node_report> { return node_report{*report}; });
  if (const auto link = services_->links->find(node); link != services_->links->end())
    return link->second->ask_report(patience);
  return kj::Maybe<node_report>{nullptr};
}

kj::Promise<std::vector<node_report>> admin_service::all_reports() {
  auto asked = kj::heapArrayBuilder<kj::Promise<kj::Maybe<node_report>>>(
    services_->members.size());
  for (const auto& member : services_->members)
    asked.add(report_of(member.id));
  return kj::joinPromises(asked.finish()).then([](auto answers) {
    std::vector<node_report> reports;
    for (auto& answer : answers)
      KJ_IF_MAYBE(report, answer) { reports.push_back(kj::mv(*report)); }
    return reports;
  });
}

kj::Promise<void> admin_service::status(StatusContext context) {
  return all_reports().then([this, context](std::vector<node_report> reports) mutable {
    encode_cluster_status(merge_reports(services_->members, reports),
                          context.getResults().initStatus());
  });
}

kj::Promise<void> admin_service::tree(TreeContext context) {
  const node_id asked{context.getParams().getNode()};
  const auto node = asked.value == 0 ? services_->self.node : asked;
  return report_of(node).then([context, node](kj::Maybe<node_report> answer) mutable {
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

} // namespace present
