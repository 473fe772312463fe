#pragma once

#include "actors/membership/membership_contract.hpp"
#include "actors/partition/partition_contract.hpp"
#include "actors/reporter/report_source.hpp"
#include "actors/system_names.hpp"
#include "runtime/supervision/address_book.hpp"

#include "schemas/peer.capnp.h"

#include <memory>
#include <unordered_map>

namespace present {

/// The `Peer` capability of one connection: hands raft's mail to the partitions.
/// Lives on the network thread.
class peer_service final : public schema::Peer::Server {
public:
  /// `peer` is the node that the connection's certificate names.
  peer_service(node_id self, node_id peer,
               std::shared_ptr<supervision::address_book> addresses,
               std::shared_ptr<report_source> reports)
      : self_(self), peer_(peer), addresses_(std::move(addresses)),
        reports_(std::move(reports)),
        membership_(addresses_->address_of<membership_actor>(paths::membership)) {}

protected:
  kj::Promise<void> deliver(DeliverContext context) override;
  kj::Promise<void> report(ReportContext context) override;
  kj::Promise<void> offerMap(OfferMapContext context) override;

private:
  void hand_over(partition_id partition, std::vector<raft::message> messages);

  const node_id self_;
  const node_id peer_;
  const std::shared_ptr<supervision::address_book> addresses_;
  const std::shared_ptr<report_source> reports_;
  supervision::address<membership_actor> membership_;
  std::unordered_map<partition_id, supervision::address<partition_actor>> partitions_;
};

} // namespace present
