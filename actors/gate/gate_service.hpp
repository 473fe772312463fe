#pragma once

#include "actors/gate/gate_contract.hpp"
#include "actors/link/peer_link.hpp"
#include "actors/reporter/report_source.hpp"
#include "runtime/network/connection_listener.hpp"
#include "runtime/network/letter_stream.hpp"
#include "runtime/observe/metrics.hpp"
#include "runtime/observe/tracer.hpp"
#include "runtime/supervision/address_book.hpp"

#include "schemas/rpc.capnp.h"

#include <memory>

namespace present {

/// What the services of one node share. Lives on the network thread.
struct node_services {
  network::network_thread& thread;
  node_greeting self;
  std::shared_ptr<supervision::address_book> addresses;
  std::shared_ptr<peer_links> links;
  std::shared_ptr<report_source> reports;
  std::shared_ptr<observe::metrics> metrics;
  observe::tracer& tracer; ///< outlives the network thread
};

/// The bootstrap capability of one connection: opens what the certificate is
/// good for, and nothing else (Z1).
class gate_service final : public schema::Gate::Server {
public:
  gate_service(std::shared_ptr<node_services> services,
               const network::connection_facts& facts,
               std::shared_ptr<network::letter_box> letters);

protected:
  kj::Promise<void> client(ClientContext context) override;
  kj::Promise<void> peer(PeerContext context) override;
  kj::Promise<void> admin(AdminContext context) override;

private:
  error problem_with(schema::Hello::Reader hello, bool role_is_right,
                     std::string_view wanted_role) const;

  const std::shared_ptr<node_services> services_;
  const network::peer_identity who_;
  const std::shared_ptr<network::letter_box> letters_; ///< opened for a peer
  supervision::address<gate_actor> gate_;
};

} // namespace present
