#include "actors/link/peer_service.hpp"

#include "actors/link/peer_codec.hpp"
#include "actors/membership/map_codec.hpp"
#include "actors/reporter/report_codec.hpp"

#include <caf/send.hpp>

namespace present {

/// A message that claims another sender or receiver than the connection's ends,
/// or that this program can't read, is dropped: raft survives loss, not lies.
kj::Promise<void> peer_service::deliver(DeliverContext context) {
  partition_id current;
  std::vector<raft::message> messages;
  for (const auto reader : context.getParams().getMessages()) {
    auto decoded = decode_message(reader);
    if (!decoded || decoded->what.from != peer_ || decoded->what.to != self_)
      continue;
    if (decoded->partition != current && !messages.empty())
      hand_over(current, std::exchange(messages, {}));
    current = decoded->partition;
    messages.push_back(std::move(decoded->what));
  }
  if (!messages.empty())
    hand_over(current, std::move(messages));
  return kj::READY_NOW;
}

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

void peer_service::hand_over(partition_id partition, std::vector<raft::message> messages) {
  auto known = partitions_.find(partition);
  if (known == partitions_.end())
    known = partitions_
              .emplace(partition, addresses_->address_of<partition_actor>(
                                    paths::partition(partition)))
              .first;
  if (const auto& to = known->second.get())
    caf::anon_send(to, raft_mail{std::move(messages)});
}

} // namespace present
