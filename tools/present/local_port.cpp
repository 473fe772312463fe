#include "tools/present/local_port.hpp"

#include "runtime/base/parse_count.hpp"

#include <cerrno>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace present::tools {

namespace {

struct bound_socket {
  int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ~bound_socket() {
    if (file >= 0)
      ::close(file);
  }
};

std::optional<sockaddr_in> parse(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return std::nullopt;
  return address;
}

bool bind_to(const bound_socket& socket, const sockaddr_in& address) {
  // As the node does: connections of an earlier process that linger don't count.
  const int yes = 1;
  ::setsockopt(socket.file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  return ::bind(socket.file, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) == 0;
}

} // namespace

std::uint16_t free_port(const std::string& host) {
  bound_socket socket;
  auto address = parse(host, 0);
  socklen_t size = sizeof(sockaddr_in);
  if (!address || !bind_to(socket, *address)
      || ::getsockname(socket.file, reinterpret_cast<sockaddr*>(&*address), &size) != 0)
    return 0;
  return ntohs(address->sin_port);
}

status check_port_is_free(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = colon == address.npos ? std::nullopt
                                          : parse_count(address.substr(colon + 1));
  const auto parsed = port && *port <= 65'535
                        ? parse(address.substr(0, colon), static_cast<std::uint16_t>(*port))
                        : std::nullopt;
  if (!parsed)
    return make_error(error_code::invalid, "'" + address + "' is not HOST:PORT");
  bound_socket socket;
  if (!bind_to(socket, *parsed))
    return make_error(error_code::invalid,
                      address + ": " + std::strerror(errno)
                        + "; `--ports random` takes free ones");
  return success();
}

} // namespace present::tools
