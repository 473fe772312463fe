#include "tools/present/local_port.hpp"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace present;
using namespace present::tools;

TEST_CASE("a port in use is named, with the way out") {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(file, 1) == 0);
  socklen_t size = sizeof address;
  ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  const auto text = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto busy = check_port_is_free(text);
  REQUIRE_FALSE(busy);
  CHECK(busy.problem().message.find(text) == 0);
  CHECK(busy.problem().message.find("--ports random") != std::string::npos);
  ::close(file);
  CHECK(check_port_is_free(text));
}

TEST_CASE("a free port is found, and is free") {
  const auto port = free_port("127.0.0.1");
  CHECK(port != 0);
  CHECK(check_port_is_free("127.0.0.1:" + std::to_string(port)));
}

TEST_CASE("what isn't an address is refused") {
  for (const auto* text : {"", "here", "127.0.0.1", "127.0.0.1:70000", "::1:7400"})
    CHECK_FALSE(check_port_is_free(text));
}
