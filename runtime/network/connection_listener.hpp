#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/network_loop.hpp"
#include "runtime/network/tls_configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace present::network {

struct listener_options {
  /// An IP literal ("127.0.1.1", "::1") or "*"; names aren't looked up.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: the system chooses, `port()` tells
  /// Open connections, those in their handshake included. Each costs a
  /// descriptor and some 100 KiB; one more is closed at once.
  std::size_t max_connections = 1024;
};

/// One accepted connection.
struct connection_facts {
  std::uint64_t number = 0; ///< of this listener, from 1 on
  std::string address;      ///< of the peer: "127.0.0.1:50112"
  peer_identity who;        ///< empty name on a plain listener
};

struct listener_counts {
  std::uint64_t open = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t failed_handshakes = 0; ///< no, foreign, expired certificate …
};

/// Accepts connections, has each prove who it is, and hands it to `serve`.
/// Lives on the network thread.
///
/// L1  `serve` sees no byte of a peer whose certificate was not accepted.
/// L2  At most `max_connections` are open, whatever peers do.
/// L3  A failure of one connection ends that connection only.
class connection_listener : public resident, private kj::TaskSet::ErrorHandler {
public:
  /// The connection closes when the promise ends, or with the listener.
  using serve_function = kj::Function<kj::Promise<void>(
    kj::Own<kj::AsyncIoStream>, const connection_facts&)>;

  /// Binds and accepts from then on. `tls` null: plain, on loopback addresses
  /// only. `invalid` for a bad address or one in use.
  static result<connection_listener*> open(network_loop& loop,
                                           const listener_options& options,
                                           std::shared_ptr<tls_configuration> tls,
                                           serve_function serve);

  connection_listener(network_loop& loop, const listener_options& options,
                      kj::Own<kj::ConnectionReceiver> receiver,
                      std::shared_ptr<tls_configuration> tls,
                      serve_function serve);
  ~connection_listener() noexcept(false) override = default;

  std::uint16_t port() const { return port_; }
  listener_counts counts() const { return counts_; }

private:
  kj::Promise<void> accept_forever();
  void admit(kj::AuthenticatedStream plain);
  kj::Promise<void> authenticate(kj::AuthenticatedStream plain,
                                 connection_facts& facts);
  void refuse(const std::string& why);
  void taskFailed(kj::Exception&& problem) override;

  network_loop& loop_;
  const std::size_t max_connections_;
  kj::Own<kj::ConnectionReceiver> receiver_;
  const std::uint16_t port_;
  const std::shared_ptr<tls_configuration> tls_;
  serve_function serve_;
  listener_counts counts_;
  /// Refusals that were not logged, since one was a moment ago.
  std::uint64_t unlogged_ = 0;
  kj::Maybe<kj::TimePoint> logged_at_;

  kj::TaskSet connections_;
  kj::Promise<void> accepting_;
};

/// Small writes leave at once; a peer that vanished without a word is noticed
/// within 5 s. One that stands still (SIGSTOP) is not: that takes a heartbeat.
void prepare_socket(kj::AsyncIoStream& stream);

} // namespace present::network
