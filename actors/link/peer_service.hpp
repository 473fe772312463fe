#pragma once

#include "actors/membership/membership_contract.hpp"
#include "actors/reporter/report_source.hpp"
#include "actors/system_names.hpp"
#include "runtime/observe/tracer.hpp"
#include "runtime/supervision/address_book.hpp"

#include "schemas/peer.capnp.h"

#include <memory>

namespace present {

/// The `Peer` capability of one connection. Lives on the network thread. Raft's mail
/// comes beside it, as letters (letter_reader.hpp).
class peer_service final : public schema::Peer::Server {
public:
  /// `peer` is the node that the connection's certificate names.
  peer_service(node_id peer, const std::shared_ptr<supervision::address_book>& addresses,
               std::shared_ptr<report_source> reports, const observe::tracer& tracer)
      : peer_(peer), reports_(std::move(reports)), tracer_(tracer),
        membership_(addresses->address_of<membership_actor>(paths::membership)) {}

protected:
  kj::Promise<void> report(ReportContext context) override;
  kj::Promise<void> offerMap(OfferMapContext context) override;
  kj::Promise<void> spans(SpansContext context) override;

private:
  const node_id peer_;
  const std::shared_ptr<report_source> reports_;
  const observe::tracer& tracer_;
  supervision::address<membership_actor> membership_;
};

} // namespace present
