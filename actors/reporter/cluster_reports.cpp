#include "actors/reporter/cluster_reports.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace present {

namespace {

/// A peer that doesn't answer within this is shown as down.
constexpr auto patience = 1500 * kj::MILLISECONDS;

} // namespace

kj::Promise<kj::Maybe<node_report>> cluster_reports::of(node_id node) {
  if (node == services_->self.node)
    return kj::evalNow([this] { return services_->reports->ask(); })
      .then([](node_report_ptr report) -> kj::Maybe<node_report> { return node_report{*report}; });
  if (const auto link = services_->links->find(node); link != services_->links->end())
    return link->second->ask_report(patience);
  return kj::Maybe<node_report>{nullptr};
}

kj::Promise<std::vector<node_report>> cluster_reports::all() {
  auto asked
    = kj::heapArrayBuilder<kj::Promise<kj::Maybe<node_report>>>(services_->links->size() + 1);
  asked.add(of(self()));
  for (const auto& [peer, link] : *services_->links)
    asked.add(of(peer));
  return kj::joinPromises(asked.finish()).then([](auto answers) {
    std::vector<node_report> reports;
    for (auto& answer : answers)
      KJ_IF_MAYBE(report, answer) { reports.push_back(kj::mv(*report)); }
    return reports;
  });
}

kj::Promise<std::vector<observe::span>>
cluster_reports::trace(const observe::trace_context& which) {
  using spans = std::vector<observe::span>;
  auto asked = kj::heapArrayBuilder<kj::Promise<spans>>(services_->links->size() + 1);
  asked.add(services_->tracer.find(which.trace_high, which.trace_low));
  for (const auto& [peer, link] : *services_->links)
    asked.add(link->ask_spans(which, patience));
  return kj::joinPromises(asked.finish()).then([](auto answers) {
    spans all;
    for (auto& some : answers)
      std::move(some.begin(), some.end(), std::back_inserter(all));
    std::sort(all.begin(), all.end(), [](const observe::span& a, const observe::span& b) {
      return std::tie(a.start_ms, a.node, a.began_ns, a.self.span)
             < std::tie(b.start_ms, b.node, b.began_ns, b.self.span);
    });
    return all;
  });
}

kj::Promise<cluster_status> cluster_reports::status() {
  return all().then([](std::vector<node_report> reports) {
    return merge_reports(reports);
  });
}

kj::Promise<supervision::description> cluster_reports::tree() {
  return all().then([](std::vector<node_report> reports) {
    return merge_trees(reports);
  });
}

} // namespace present
