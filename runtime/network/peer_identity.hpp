#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Who is at the other end of a connection, as its certificate says. A SPIFFE id
/// of one of three shapes:
///
///   spiffe://<trust domain>/node/<n>
///   spiffe://<trust domain>/client/<name>
///   spiffe://<trust domain>/admin/<name>
///
/// The trust domain is the cluster: 12 lower-case hexadecimal digits.
namespace present::network {

enum class peer_role : std::uint8_t { node, client, admin };

std::string_view to_string(peer_role role);

struct peer_identity {
  std::string trust_domain;
  peer_role role = peer_role::client;
  std::string name; ///< the number in decimal for a node
  node_id node;     ///< 0 unless a node

  friend bool operator==(const peer_identity&, const peer_identity&) = default;
};

inline constexpr std::size_t trust_domain_digits = 12;

/// X.509's upper bound of a common name, where the whole id also stands: the
/// TLS library shows a server nothing else of its client's certificate.
inline constexpr std::size_t max_identity_bytes = 64;

peer_identity node_identity(std::string trust_domain, node_id node);
peer_identity client_identity(std::string trust_domain, std::string name);
peer_identity admin_identity(std::string trust_domain, std::string name);

/// The SPIFFE id.
std::string to_string(const peer_identity& who);

/// `invalid` names what is wrong. Accepts only what `to_string` writes, so one
/// identity has one spelling. Names: 1 or more of A-Z a-z 0-9 . _ -
result<peer_identity> parse_peer_identity(std::string_view spiffe_id);

/// The name that a node's certificate proves and its callers expect:
/// "node-<n>.<trust domain>".
std::string node_dns_name(std::string_view trust_domain, node_id node);

} // namespace present::network
