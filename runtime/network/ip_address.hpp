#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/socket.h>

namespace present::network {

/// An IP address and a port, as the kernel takes them.
struct ip_address {
  sockaddr_storage bytes{};
  socklen_t length = 0;
  bool loopback = false;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

/// "127.0.0.1", "::1", or "*" for all of the machine's. Empty if it is none: a name.
std::optional<ip_address> parse_ip(const std::string& text, std::uint16_t port);

/// "[::1]:80" and "127.0.0.1:80"; empty for names, and for "*".
std::optional<ip_address> parse_endpoint(const std::string& address);

} // namespace present::network
