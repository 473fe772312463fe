#include "runtime/network/peer_identity.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace present::network {
namespace {

constexpr std::string_view scheme = "spiffe://";

bool is_trust_domain(std::string_view text) {
  return text.size() == trust_domain_digits
         && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

error not_an_identity(std::string_view id, const char* why) {
  return make_error(error_code::invalid, "certificate identity \""
                                           + std::string(id.substr(0, 100))
                                           + "\" " + why);
}

/// 0 unless it is a number from 1 on without leading zeros.
node_id node_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, problem]
    = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()
      || text.front() == '0')
    return {};
  return {number};
}

} // namespace

std::string_view to_string(peer_role role) {
  switch (role) {
    case peer_role::node:
      return "node";
    case peer_role::client:
      return "client";
    case peer_role::admin:
      return "admin";
  }
  return "unknown";
}

peer_identity node_identity(std::string trust_domain, node_id node) {
  return {std::move(trust_domain), peer_role::node, std::to_string(node.value),
          node};
}

peer_identity client_identity(std::string trust_domain, std::string name) {
  return {std::move(trust_domain), peer_role::client, std::move(name), {}};
}

peer_identity admin_identity(std::string trust_domain, std::string name) {
  return {std::move(trust_domain), peer_role::admin, std::move(name), {}};
}

std::string to_string(const peer_identity& who) {
  std::string id(scheme);
  id += who.trust_domain;
  id += '/';
  id += to_string(who.role);
  id += '/';
  id += who.name;
  return id;
}

result<peer_identity> parse_peer_identity(std::string_view id) {
  if (id.size() > max_identity_bytes)
    return not_an_identity(id, "is longer than 64 bytes");
  if (!id.starts_with(scheme))
    return not_an_identity(id, "is not a spiffe:// id");
  const auto rest = id.substr(scheme.size());
  const auto domain = rest.substr(0, rest.find('/'));
  if (!is_trust_domain(domain))
    return not_an_identity(id, "has a trust domain that is not 12 hex digits");
  for (const auto role : {peer_role::node, peer_role::client, peer_role::admin}) {
    const auto prefix = '/' + std::string(to_string(role)) + '/';
    const auto path = rest.substr(domain.size());
    if (!path.starts_with(prefix))
      continue;
    const auto name = path.substr(prefix.size());
    if (name.empty() || !std::ranges::all_of(name, is_name_character))
      return not_an_identity(id, "has a name beyond A-Z a-z 0-9 . _ -");
    const auto number = role == peer_role::node ? node_number(name) : node_id{};
    if (role == peer_role::node && number == node_id{})
      return not_an_identity(id, "has a node number that is not 1 to 4294967295");
    return peer_identity{std::string(domain), role, std::string(name), number};
  }
  return not_an_identity(id, "is not a node's, client's or admin's");
}

std::string node_dns_name(std::string_view trust_domain, node_id node) {
  return "node-" + std::to_string(node.value) + "." + std::string(trust_domain);
}

} // namespace present::network
