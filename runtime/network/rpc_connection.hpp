#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/network/letter_stream.hpp"
#include "runtime/network/packed_stream.hpp"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

namespace present::network {

/// Words of calls that a connection may have unanswered before no more of it is
/// read: four of the largest messages.
inline constexpr std::uint64_t rpc_unanswered_words
  = 4 * bounds::max_rpc_message / 8;

/// What a reader of this connection believes at most, whatever a message says.
inline capnp::ReaderOptions rpc_reader_options() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = bounds::rpc_traversal_words;
  options.nestingLimit = bounds::rpc_nesting_depth;
  return options;
}

/// One Cap'n Proto RPC connection over a stream that is authenticated already.
class rpc_connection {
public:
  /// The end that accepted, and offers `bootstrap`; letters go to `incoming`.
  rpc_connection(kj::Own<kj::AsyncIoStream> stream,
                 capnp::Capability::Client bootstrap,
                 std::shared_ptr<letter_box> incoming)
      : stream_(kj::mv(stream)), messages_(stream_, std::move(incoming)),
        network_(messages_, 0, capnp::rpc::twoparty::Side::SERVER,
                 rpc_reader_options()),
        system_(capnp::makeRpcServer(network_, kj::mv(bootstrap))) {
    system_.setFlowLimit(rpc_unanswered_words);
  }

  /// The end that dialled: offers nothing, and takes no letters.
  explicit rpc_connection(kj::Own<kj::AsyncIoStream> stream)
      : stream_(kj::mv(stream)),
        messages_(stream_, std::make_shared<letter_box>()),
        network_(messages_, 0, capnp::rpc::twoparty::Side::CLIENT,
                 rpc_reader_options()),
        system_(capnp::makeRpcClient(network_)) {}

  /// What the other end offers.
  capnp::Capability::Client bootstrap() {
    capnp::MallocMessageBuilder message(4);
    auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
    vat.setSide(capnp::rpc::twoparty::Side::SERVER);
    return system_.bootstrap(vat);
  }

  kj::Promise<void> on_closed() { return network_.onDisconnect(); }

  /// See `letter_stream`.
  kj::Promise<void> send_letter(kj::Own<capnp::MessageBuilder> letter) {
    return messages_.send(kj::mv(letter));
  }

private:
  packed_stream stream_;
  letter_stream messages_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> system_;
};

} // namespace present::network
