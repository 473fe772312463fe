#include "actors/gate/gate_service.hpp"

#include "actors/link/letter_reader.hpp"
#include "actors/link/peer_service.hpp"
#include "actors/reporter/admin_service.hpp"
#include "runtime/network/error_codec.hpp"
#include "actors/session/session_service.hpp"
#include "actors/system_names.hpp"

#include <caf/send.hpp>

#include <atomic>

namespace present {

namespace {

/// Names sessions over all listeners of the process.
std::atomic<std::uint64_t> last_connection{0};

} // namespace

gate_service::gate_service(std::shared_ptr<node_services> services,
                           const network::connection_facts& facts,
                           std::shared_ptr<network::letter_box> letters)
    : services_(std::move(services)), who_(facts.who), letters_(std::move(letters)),
      gate_(services_->addresses->address_of<gate_actor>(paths::gate)) {
}

/// Code ok: welcome.
error gate_service::problem_with(schema::Hello::Reader hello, bool role_is_right,
                                 std::string_view wanted_role) const {
  if (!role_is_right)
    return make_error(error_code::denied, "the certificate of " + to_string(who_)
                                            + " is not one of " + std::string{wanted_role});
  if (hello.getFormatVersion() != schema::FORMAT_VERSION)
    return make_error(error_code::invalid,
                      "formatVersion: " + std::to_string(hello.getFormatVersion())
                        + "; this node speaks " + std::to_string(schema::FORMAT_VERSION));
  const std::string_view cluster{hello.getCluster().cStr()};
  if (!cluster.empty() && cluster != services_->self.cluster)
    return make_error(error_code::denied, "cluster: " + std::string{cluster}
                                            + "; this node is of " + services_->self.cluster);
  return {};
}

kj::Promise<void> gate_service::client(ClientContext context) {
  auto problem = problem_with(context.getParams().getHello(), true, "");
  const auto& gate = gate_.get();
  if (problem.code == error_code::ok && !gate)
    problem = make_error(error_code::overloaded, "the node is starting");
  if (problem.code != error_code::ok) {
    encode_error(problem, context.getResults().initError());
    return kj::READY_NOW;
  }
  auto door = std::make_shared<network_door>(services_->thread);
  caf::anon_send(gate, open_session{++last_connection, to_string(who_),
                                    who_.role != network::peer_role::client, door});
  return door->wait_until_open().then(
    [this, context, door](result<session_actor> session) mutable {
      auto to = context.getResults();
      services_->self.write(to.initHello());
      if (session)
        to.setSession(kj::heap<session_service>(door));
      else
        encode_error(session.problem(), to.initError());
    });
}

kj::Promise<void> gate_service::peer(PeerContext context) {
  const auto hello = context.getParams().getHello();
  auto problem = problem_with(hello, who_.role == network::peer_role::node, "a node");
  if (problem.code == error_code::ok && hello.getNode() != who_.node.value)
    problem = make_error(error_code::denied, "node: " + std::to_string(hello.getNode())
                                               + "; the certificate names "
                                               + std::to_string(who_.node.value));
  auto to = context.getResults();
  services_->self.write(to.initHello());
  if (problem.code != error_code::ok) {
    encode_error(problem, to.initError());
    return kj::READY_NOW;
  }
  letters_->open([reader = kj::heap<letter_reader>(services_->self.node, who_.node,
                                                   services_->addresses)](
                   capnp::AnyStruct::Reader letter) mutable { reader->on_letter(letter); });
  to.setPeer(kj::heap<peer_service>(who_.node, services_->addresses, services_->reports,
                                    services_->tracer));
  return kj::READY_NOW;
}

kj::Promise<void> gate_service::admin(AdminContext context) {
  const auto problem = problem_with(context.getParams().getHello(),
                                    who_.role == network::peer_role::admin, "an admin");
  auto to = context.getResults();
  services_->self.write(to.initHello());
  if (problem.code != error_code::ok)
    encode_error(problem, to.initError());
  else
    to.setAdmin(kj::heap<admin_service>(services_));
  return kj::READY_NOW;
}

} // namespace present
