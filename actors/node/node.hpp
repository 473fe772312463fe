#pragma once

#include "actors/node/node_config.hpp"
#include "runtime/base/error.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace present {

/// A running node: its supervision tree, its network thread, its listener.
///
/// A node that has no data begins a store of its own, under an id that nobody knows,
/// and waits until an operator founds a cluster with it or lets it join one (P19). It
/// makes the file of storage keys where there is none: keep that apart from the data,
/// and keep it, for without it the data can't be read.
///
/// Thread-safe: `stop` and the destructor from one thread; nothing else to call.
class node {
public:
  /// The tree gave up, and why: `disk_full` if there is no room for its data, else
  /// `unknown_outcome`. Called once, in an actor's thread: it must not block. The
  /// program should end, so that whatever started it starts it anew.
  using end_function = std::function<void(error why)>;

  /// Returns when the node serves. Errors name the file, the address or the
  /// member that is wrong; `disk_full` if there is no room to begin with.
  static result<std::unique_ptr<node>> start(const node_config& config,
                                             end_function on_end);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// The ports that it listens on: the system's choice where 0 was asked for.
  std::uint16_t rpc_port() const;
  /// 0 without an `http_address`.
  std::uint16_t http_port() const;
  /// 0 without a `health_address`.
  std::uint16_t health_port() const;

  /// Closes connections, stops the actors from right to left. Idempotent.
  void stop();

private:
  struct body;
  explicit node(std::unique_ptr<body> made);

  std::unique_ptr<body> body_;
};

} // namespace present
