#include "actors/link/peer_service.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/reporter/report_codec.hpp"

#include <caf/send.hpp>

namespace present {

kj::Promise<void> peer_service::report(ReportContext context) {
  return reports_->ask().then([context](node_report_ptr report) mutable {
    encode_report(*report, context.getResults().initReport());
  });
}

kj::Promise<void> peer_service::offerMap(OfferMapContext context) {
  auto map = decode_map(context.getParams().getMap());
  if (const auto& to = membership_.get(); map && to)
    caf::anon_send(to, map_offered{peer_, std::make_shared<const cluster_map>(std::move(*map))});
  return kj::READY_NOW;
}

kj::Promise<void> peer_service::spans(SpansContext context) {
  const auto asked = context.getParams();
  const auto found = tracer_.find(asked.getTraceHigh(), asked.getTraceLow());
  encode_spans(found, context.getResults().initSpans(static_cast<unsigned>(found.size())));
  return kj::READY_NOW;
}

} // namespace present
