#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/certificate_authority.hpp"
#include "runtime/network/peer_identity.hpp"

#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace present::network {

/// Makes TLS 1.3 the least version of every context made afterwards in this
/// process (kj 0.9.2 can't ask for it). `tls_configuration` calls it; a program
/// that makes TLS contexts of its own calls it first. Idempotent, thread-safe.
status require_tls_1_3();

struct tls_material {
  std::string authority; ///< certificate of the one authority that is trusted
  pem_pair own;
};

/// From the PEM files; the error names the one that can't be read.
result<tls_material> read_tls_material(const std::filesystem::path& authority,
                                       const std::filesystem::path& certificate,
                                       const std::filesystem::path& key);

/// One's own certificate and the trust in the cluster's authority: mutual TLS
/// 1.3, both ends show a certificate. Made and used on the network thread, and
/// shared by listeners and links: what is renewed here is shown by all of them from
/// then on. Connections keep what they began with.
class tls_configuration {
public:
  /// `invalid` if the material isn't one certificate, its key and an authority
  /// of the same trust domain. A handshake of either side that takes longer than
  /// `handshake_timeout_ms` fails.
  static result<std::shared_ptr<tls_configuration>>
  load(const tls_material& material, kj::Timer& timer,
       std::uint32_t handshake_timeout_ms);

  /// Takes other material for the same identity. `invalid` for what `load` refuses,
  /// and for another identity's: then nothing has changed.
  status renew(const tls_material& material);

  /// Serves: refuses peers without a valid certificate of the authority. The
  /// refused end of TLS 1.3 learns it only when it reads.
  kj::Promise<kj::AuthenticatedStream> accept(kj::AuthenticatedStream plain);

  /// Calls: the other end must prove the DNS name `expected_name`, whatever
  /// address was dialled.
  kj::Promise<kj::AuthenticatedStream> connect(kj::AuthenticatedStream plain,
                                               const std::string& expected_name);

  /// Who is at the other end of what `accept` or `connect` gave. `denied` if the
  /// certificate isn't of our trust domain, or names nobody.
  result<peer_identity> identity_of(kj::PeerIdentity& shown) const;

  const peer_identity& self() const { return self_.who; }
  validity valid() const { return self_.when; }

private:
  using context_ptr = std::shared_ptr<kj::TlsContext>;
  tls_configuration(certificate_facts self, context_ptr context, kj::Timer& timer,
                    kj::Duration handshake_timeout);

  certificate_facts self_;
  context_ptr context_; ///< handshakes that are under way hold the one they began with
  kj::Timer& timer_;
  kj::Duration handshake_timeout_;
};

} // namespace present::network
