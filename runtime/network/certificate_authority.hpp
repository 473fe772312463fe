#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/peer_identity.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace present::network {

/// Seconds since the Unix epoch; the caller reads the clock. X.509 counts whole
/// seconds, both ends included.
struct validity {
  std::int64_t from_s = 0;
  std::int64_t until_s = 0;
};

/// PEM text. The key is PKCS#8 and not encrypted: its file has mode 0600.
struct pem_pair {
  std::string certificate;
  std::string key;
};

/// A cluster's own certificate authority: ECDSA over P-256, one self-signed root
/// that issues leaves directly. By OpenSSL, in this process.
///
///   root    spiffe://<trust domain> as URI; may sign leaves only (path length 0)
///   node    id as URI and common name; DNS node-<n>.<trust domain>,
///           <trust domain>, localhost; may serve and call
///   client, admin
///           id as URI and common name; no DNS name and may only call, so that
///           none of them can pose as a node
///
/// Thread-safe: constant after construction.
class certificate_authority {
public:
  /// A new root. `trust_domain`: 12 lower-case hexadecimal digits.
  static result<certificate_authority> create(const std::string& trust_domain,
                                              validity when);

  /// From what `pem()` gave. `invalid` if key and certificate don't belong
  /// together, or it is no root of this kind.
  static result<certificate_authority> load(const pem_pair& pem);

  /// A new key and its certificate. `invalid` if `who` is of another trust
  /// domain, doesn't fit in 64 bytes, or `when` is empty.
  result<pem_pair> issue(const peer_identity& who, validity when) const;

  /// A new key and certificate for whom `certificate` names, which must be of
  /// this authority; it may have expired.
  result<pem_pair> renew(std::string_view certificate, validity when) const;

  const pem_pair& pem() const;
  const std::string& trust_domain() const;

private:
  struct root;
  explicit certificate_authority(std::shared_ptr<const root> state);

  std::shared_ptr<const root> root_;
};

/// What a leaf certificate says, unverified. For "expires in 12 days" and the
/// like; never to decide whom to trust.
struct certificate_facts {
  peer_identity who;
  validity when;
};
result<certificate_facts> read_certificate(std::string_view pem);

/// A random trust domain for a new cluster.
result<std::string> new_trust_domain();

} // namespace present::network
