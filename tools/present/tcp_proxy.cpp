#include "tools/present/tcp_proxy.hpp"

#include "runtime/edge/clock.hpp"
#include "runtime/network/ip_address.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <list>
#include <optional>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace present::tools {

namespace {

constexpr std::size_t most_waiting = 1 << 20; ///< bytes, each way
constexpr std::size_t read_at_once = 64 << 10;
constexpr int backlog = 64;

/// A file that is closed with its owner.
class owned_file {
public:
  explicit owned_file(int number = -1) : number_(number) {}
  owned_file(owned_file&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  owned_file& operator=(owned_file&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~owned_file() {
    if (number_ >= 0)
      ::close(number_);
  }
  int number() const { return number_; }

private:
  int number_;
};

/// Without waiting for it: what is written before it stands waits in our queue.
owned_file dial(const network::ip_address& target) {
  owned_file made{::socket(target.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  ::connect(made.number(), target.raw(), target.length);
  return made;
}

/// Bytes on their way in one direction.
struct flow {
  struct chunk {
    time_ms due;
    std::string bytes;
  };
  std::deque<chunk> waiting;
  std::size_t bytes = 0;
  bool source_closed = false;

  void push(std::string what, time_ms due) {
    bytes += what.size();
    waiting.push_back({waiting.empty() ? due : std::max(due, waiting.back().due),
                       std::move(what)});
  }
  bool is_due(time_ms now) const { return !waiting.empty() && waiting.front().due <= now; }

  /// False: the other end is gone.
  bool write_to(int file, time_ms now) {
    while (is_due(now)) {
      auto& first = waiting.front();
      const auto sent = ::send(file, first.bytes.data(), first.bytes.size(), MSG_NOSIGNAL);
      if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
      bytes -= static_cast<std::size_t>(sent);
      first.bytes.erase(0, static_cast<std::size_t>(sent));
      if (!first.bytes.empty())
        return true;
      waiting.pop_front();
    }
    return true;
  }
};

struct connection {
  owned_file client;
  owned_file server;
  owned_file repeated; ///< a second one to the server, with the client's bytes
  flow requests;
  flow replies;
  flow repeats;
  std::uint32_t jitter_ms = 0;
  bool lost_bytes = false;
  bool over = false;
};

/// What came, if anything; empty and `closed` at the end.
std::string read_some(int file, bool& closed) {
  std::string bytes(read_at_once, '\0');
  const auto count = ::recv(file, bytes.data(), bytes.size(), 0);
  closed = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

} // namespace

/// The thread's own.
class tcp_proxy::body {
public:
  body(tcp_proxy& owner, owned_file listener, const network::ip_address& target)
      : owner_(owner), listener_(std::move(listener)), target_(target) {}

  void run() {
    while (!owner_.stopping_) {
      wait();
      obey();
      now_ = edge::machine_clock().monotonic_ms();
      if (polled_[1].revents & POLLIN)
        welcome();
      std::size_t place = 2;
      for (auto& one : open_) {
        serve(one, &polled_[place]);
        place += 3;
        if (place + 2 >= polled_.size())
          break; // came just now
      }
      open_.remove_if([](const connection& one) { return one.over; });
    }
  }

private:
  static short wanted(const flow& in, const flow& out, time_ms now) {
    const auto reads = !in.source_closed && in.bytes < most_waiting;
    return static_cast<short>((reads ? POLLIN : 0) | (out.is_due(now) ? POLLOUT : 0));
  }

  void wait() {
    now_ = edge::machine_clock().monotonic_ms();
    polled_.assign({{owner_.wake_, POLLIN, 0}, {listener_.number(), POLLIN, 0}});
    time_ms next = now_ + 1000;
    for (const auto& one : open_) {
      polled_.push_back({one.client.number(), wanted(one.requests, one.replies, now_), 0});
      polled_.push_back({one.server.number(), wanted(one.replies, one.requests, now_), 0});
      polled_.push_back({one.repeated.number(), wanted({}, one.repeats, now_), 0});
      for (const auto* way : {&one.requests, &one.replies})
        if (!way->waiting.empty() && !way->is_due(now_))
          next = std::min(next, way->waiting.front().due);
    }
    ::poll(polled_.data(), polled_.size(), static_cast<int>(next - now_));
    eventfd_t ignored = 0;
    ::eventfd_read(owner_.wake_, &ignored);
  }

  /// What the owner has said since the last time.
  void obey() {
    const auto cuts = owner_.cuts_.load();
    const auto heals = owner_.mode_ == mode::pass;
    for (auto& one : open_)
      one.over = one.over || cuts != cuts_ || (heals && one.lost_bytes);
    cuts_ = cuts;
  }

  void welcome() {
    owned_file client{::accept4(listener_.number(), nullptr, nullptr,
                                SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client.number() < 0)
      return;
    connection made;
    made.client = std::move(client);
    made.server = dial(target_);
    if (owner_.mode_ == mode::repeat)
      made.repeated = dial(target_);
    const auto jitter = owner_.jitter_ms_.load();
    made.jitter_ms = jitter ? welcomed_++ * 37 % (jitter + 1) : 0;
    open_.push_back(std::move(made));
  }

  void serve(connection& one, const pollfd* seen) {
    if (seen[0].revents & (POLLIN | POLLHUP | POLLERR))
      take(one, one.client.number(), one.requests, false);
    if (seen[1].revents & (POLLIN | POLLHUP | POLLERR))
      take(one, one.server.number(), one.replies, true);
    if (seen[2].revents & POLLIN)
      drain_repeated(one);
    const auto sent = one.requests.write_to(one.server.number(), now_)
                      && one.replies.write_to(one.client.number(), now_);
    one.repeats.write_to(one.repeated.number(), now_);
    const auto ended = (one.requests.source_closed && one.requests.waiting.empty())
                       || (one.replies.source_closed && one.replies.waiting.empty());
    one.over = one.over || !sent || ended;
  }

  void take(connection& one, int from, flow& way, bool is_reply) {
    if (way.source_closed || way.bytes >= most_waiting)
      return;
    auto bytes = read_some(from, way.source_closed);
    if (bytes.empty())
      return;
    const auto what = owner_.mode_.load();
    if (what == mode::drop_replies && is_reply) {
      one.lost_bytes = true;
      owner_.mistreated_ += bytes.size();
      return;
    }
    time_ms due = now_;
    if (what == mode::delay) {
      due += owner_.delay_ms_ + one.jitter_ms;
      owner_.mistreated_ += bytes.size();
    }
    if (one.repeated.number() >= 0 && !is_reply) {
      owner_.mistreated_ += bytes.size();
      one.repeats.push(bytes, now_);
    }
    way.push(std::move(bytes), due);
  }

  /// Answers to what nobody asked.
  static void drain_repeated(connection& one) {
    bool closed = false;
    read_some(one.repeated.number(), closed);
    if (closed)
      one.repeated = owned_file{};
  }

  tcp_proxy& owner_;
  owned_file listener_;
  const network::ip_address target_;
  std::list<connection> open_;
  std::vector<pollfd> polled_; ///< wake, listener, then three for each connection
  time_ms now_ = 0;
  std::uint32_t cuts_ = 0;
  std::uint32_t welcomed_ = 0;
};

result<std::unique_ptr<tcp_proxy>> tcp_proxy::open(const std::string& target,
                                                   const std::string& host) {
  const auto there = network::parse_endpoint(target);
  auto here = network::parse_endpoint(host + ":0");
  if (!there || !here)
    return make_error(error_code::invalid, "'" + (there ? host : target)
                                             + "' is not an address to stand before");
  owned_file listener{::socket(here->bytes.ss_family,
                               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (::bind(listener.number(), here->raw(), here->length) != 0
      || ::listen(listener.number(), backlog) != 0
      || ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&here->bytes),
                       &here->length)
           != 0)
    return make_error(error_code::invalid, host + ": " + std::strerror(errno));
  auto made = std::unique_ptr<tcp_proxy>{new tcp_proxy};
  made->address_ = host + ':' + std::to_string(ntohs(reinterpret_cast<const sockaddr_in&>(here->bytes).sin_port));
  made->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  made->thread_ = std::thread{
    [owner = made.get(), listener = std::move(listener), target = *there]() mutable {
      body{*owner, std::move(listener), target}.run();
    }};
  return made;
}

tcp_proxy::~tcp_proxy() {
  stopping_ = true;
  wake();
  thread_.join();
  ::close(wake_);
}

void tcp_proxy::delay(std::uint32_t ms, std::uint32_t jitter_ms) {
  delay_ms_ = ms;
  jitter_ms_ = jitter_ms;
  become(mode::delay);
}

void tcp_proxy::drop_replies() {
  become(mode::drop_replies);
}

void tcp_proxy::repeat_connections() {
  become(mode::repeat);
}

void tcp_proxy::pass() {
  become(mode::pass);
}

void tcp_proxy::cut() {
  ++cuts_;
  wake();
}

void tcp_proxy::become(mode what) {
  mode_ = what;
  wake();
}

void tcp_proxy::wake() const {
  ::eventfd_write(wake_, 1);
}

} // namespace present::tools
