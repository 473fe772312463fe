#pragma once

#include "runtime/base/error.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

/// A door before a server's door, on loopback, that mistreats what passes.
namespace present::tools {

/// Thread-safe; it has a thread of its own, until it is destroyed.
///
/// I1  Bytes of one connection and direction keep their order, and none is changed:
///     what is inside is TLS, so anything else would only end the connection.
/// I2  What waits is bounded: a reader that is slow makes the writer wait.
class tcp_proxy {
public:
  /// `target`: "127.0.1.1:7400". Listens on `host` and a port of the kernel's choice.
  static result<std::unique_ptr<tcp_proxy>> open(const std::string& target,
                                                 const std::string& host = "127.0.0.1");
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  const std::string& address() const { return address_; }

  /// Bytes wait so long, each way; connections differ by up to `jitter_ms`, so that
  /// what is sent over one can overtake what is sent over another.
  void delay(std::uint32_t ms, std::uint32_t jitter_ms = 0);

  /// Requests arrive, replies don't; connections that lost some end with `pass`.
  void drop_replies();

  /// What a client sent is sent once more over a connection of its own.
  void repeat_connections();

  /// As if it weren't there. Connections that lost bytes are ended.
  void pass();

  /// Ends all connections; new ones may come.
  void cut();

  /// Bytes that were dropped, held back or repeated since it was opened.
  std::uint64_t mistreated() const { return mistreated_; }

private:
  class body;
  enum class mode : std::uint8_t { pass, delay, drop_replies, repeat };

  tcp_proxy() = default;
  void become(mode what);
  void wake() const;

  std::string address_;
  std::atomic<mode> mode_ = mode::pass;
  std::atomic<std::uint32_t> delay_ms_ = 0;
  std::atomic<std::uint32_t> jitter_ms_ = 0;
  std::atomic<std::uint32_t> cuts_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> mistreated_ = 0;
  int wake_ = -1;
  std::thread thread_;
};

} // namespace present::tools
