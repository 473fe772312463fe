#include "runtime/network/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
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

std::optional<ip_address> parse_endpoint(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos)
    return std::nullopt;
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto* end = address.data() + address.size();
  const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || host == "*")
    return std::nullopt;
  return parse_ip(host, port);
}

} // namespace present::network
