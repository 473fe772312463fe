#pragma once

#include "actors/client/client_contract.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/supervision/address_book.hpp"

#include <kj/async.h>
#include <kj/timer.h>

#include <memory>
#include <unordered_map>

namespace present::http {

/// The node's own client (`paths::client`), as promises of the network thread, to
/// which all members belong.
class client_asker final : public std::enable_shared_from_this<client_asker> {
public:
  client_asker(network::network_thread& thread, kj::Timer& timer,
               supervision::address_book& addresses);

  /// One outcome for each call. Not later than a moment after the deadline, also
  /// if the client crashes with the calls open: they are unknown then. Cancelled
  /// with the promise, which leaves the outcome of writes unknown, too.
  kj::Promise<client::batch_outcome> ask(client::batch_call what);

  /// From `waiting_listener`.
  void completed(std::uint64_t number, client::batch_outcome how);

private:
  network::network_thread& thread_;
  kj::Timer& timer_;
  supervision::address<client::client_actor> client_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, kj::Own<kj::PromiseFulfiller<client::batch_outcome>>>
    waiting_;
};

} // namespace present::http
