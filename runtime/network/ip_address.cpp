#include "runtime/network/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace present::network {

std::optional<ip_address> parse_ip(const std::string& text, std::uint16_t port) {
  ip_address parsed;
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (text == "*" || ::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    if (text == "*")
      six.sin6_addr = in6addr_any;
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    parsed.length = sizeof six;
    parsed.loopback = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
    std::memcpy(&parsed.bytes, &six, sizeof six);
    return parsed;
  }
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) != 1)
    return std::nullopt;
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  parsed.length = sizeof four;
  parsed.loopback = (ntohl(four.sin_addr.s_addr) >> 24) == 127;
  std::memcpy(&parsed.bytes, &four, sizeof four);
  return parsed;
}

} // namespace present::network
