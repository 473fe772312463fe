#include "runtime/edge/clock.hpp"
#include "tools/present/tcp_proxy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace present;
using namespace present::tools;

namespace {

constexpr int patience_ms = 10'000;

class socket_file {
public:
  explicit socket_file(int file = ::socket(AF_INET, SOCK_STREAM, 0)) : file_(file) {}
  socket_file(const socket_file&) = delete;
  socket_file(socket_file&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  ~socket_file() {
    if (file_ >= 0)
      ::close(file_);
  }
  int number() const { return file_; }

  void send(const std::string& text) const {
    CHECK(::send(file_, text.data(), text.size(), MSG_NOSIGNAL)
          == static_cast<ssize_t>(text.size()));
  }

  /// So many bytes; fewer if the connection ends.
  std::string receive(std::size_t count) const {
    std::string got;
    while (got.size() < count && is_readable(patience_ms)) {
      char bytes[4096];
      const auto some = ::recv(file_, bytes, std::min(sizeof bytes, count - got.size()), 0);
      if (some <= 0)
        break;
      got.append(bytes, static_cast<std::size_t>(some));
    }
    return got;
  }

  bool is_readable(int timeout_ms) const {
    pollfd one{file_, POLLIN, 0};
    return ::poll(&one, 1, timeout_ms) == 1;
  }
  /// The other side has closed it, at once or soon.
  bool ends() const { return receive(1).empty() && is_readable(0); }

private:
  int file_;
};

sockaddr_in address_of(const std::string& address) {
  sockaddr_in parsed{};
  const auto colon = address.rfind(':');
  parsed.sin_family = AF_INET;
  parsed.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &parsed.sin_addr);
  return parsed;
}

struct server {
  socket_file listener;
  std::string address;

  server() {
    auto here = address_of("127.0.0.1:0");
    socklen_t size = sizeof here;
    ::bind(listener.number(), reinterpret_cast<sockaddr*>(&here), size);
    ::listen(listener.number(), 8);
    ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&here), &size);
    address = "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
  }
  socket_file accept() const { return socket_file{::accept(listener.number(), nullptr, nullptr)}; }
};

socket_file dial(const std::string& address) {
  socket_file made;
  auto there = address_of(address);
  CHECK(::connect(made.number(), reinterpret_cast<sockaddr*>(&there), sizeof there) == 0);
  return made;
}

struct pair {
  server behind;
  std::unique_ptr<tcp_proxy> proxy = std::move(*tcp_proxy::open(behind.address));
  socket_file client = dial(proxy->address());
  socket_file there = behind.accept();
};

time_ms now_ms() {
  return edge::machine_clock().monotonic_ms();
}

} // namespace

TEST_CASE("bytes pass both ways, also many, and so does the end") {
  pair one;
  one.client.send("ask");
  CHECK(one.there.receive(3) == "ask");
  const std::string large(3 << 20, 'x');
  std::jthread writer{[&] { one.there.send(large); }};
  CHECK(one.client.receive(large.size()) == large);
  CHECK(one.proxy->mistreated() == 0);
  { const socket_file ended{std::move(one.there)}; }
  CHECK(one.client.ends());
}

TEST_CASE("what is delayed arrives later, in its order") {
  pair one;
  one.proxy->delay(150);
  const auto began = now_ms();
  one.client.send("first ");
  one.client.send("second");
  CHECK(one.there.receive(12) == "first second");
  CHECK(now_ms() - began >= 150);
  CHECK(one.proxy->mistreated() == 12);
}

TEST_CASE("of lost replies the requests arrive, and the connection ends with the fault") {
  pair one;
  one.proxy->drop_replies();
  one.client.send("ask");
  CHECK(one.there.receive(3) == "ask");
  one.there.send("answer");
  // A second request passes when the answer has been lost.
  one.client.send("again");
  CHECK(one.there.receive(5) == "again");
  CHECK_FALSE(one.client.is_readable(50));
  one.proxy->pass();
  CHECK(one.client.ends());
  CHECK(one.there.ends());
  CHECK(one.proxy->mistreated() == 6);
}

TEST_CASE("a connection that is repeated reaches the server twice, with the same bytes") {
  server behind;
  auto proxy = std::move(*tcp_proxy::open(behind.address));
  proxy->repeat_connections();
  const auto client = dial(proxy->address());
  const auto first = behind.accept();
  const auto second = behind.accept();
  client.send("ask");
  CHECK(first.receive(3) == "ask");
  CHECK(second.receive(3) == "ask");
  first.send("one");
  second.send("two");
  CHECK(client.receive(3) == "one");
  CHECK_FALSE(client.is_readable(50));
}

TEST_CASE("a cut ends all connections, and new ones may come") {
  pair one;
  one.proxy->cut();
  CHECK(one.client.ends());
  const auto next = dial(one.proxy->address());
  const auto there = one.behind.accept();
  next.send("ask");
  CHECK(there.receive(3) == "ask");
}

TEST_CASE("where nobody listens, the client's connection ends") {
  std::string address;
  {
    const server gone;
    address = gone.address;
  }
  const auto proxy = std::move(*tcp_proxy::open(address));
  CHECK(dial(proxy->address()).ends());
  const auto none = tcp_proxy::open("nowhere");
  REQUIRE_FALSE(none);
  CHECK(none.problem().message == "'nowhere' is not an address to stand before");
}
