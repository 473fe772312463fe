#pragma once

#include "runtime/network/http_message.hpp"

#include <kj/async-io.h>
#include <kj/function.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace present::network {

/// A reply of unknown length, written piece by piece: server-sent events.
class http_stream {
public:
  virtual ~http_stream() noexcept(false) = default;
  /// Status and headers leave; `head.body` does not. Once, and first.
  virtual void begin(const http_reply& head) = 0;
  /// Ends when the peer's window has taken it; fails when the peer is gone.
  virtual kj::Promise<void> write(std::string piece) = 0;
};

/// Called on the network thread; cancelled if the peer goes away. An exception
/// is logged, and told as `unknown_outcome`.
using http_responder = kj::Function<kj::Promise<http_reply>(http_request)>;
/// The reply ends when the promise does.
using http_stream_responder
  = kj::Function<kj::Promise<void>(http_request, http_stream&)>;

/// Who answers what. Filled before it is served, constant after.
///
/// A pattern is a path whose segments are literal or "*", for any one segment;
/// a last segment "**" is for any number of them, none included. "/v1/kv/*/**".
/// The first pattern that fits and has the method answers: put the literal ones
/// first. No pattern: `not_found`; none with the method: 405 and Allow.
class http_routes {
public:
  void add(const std::string& method, const std::string& pattern,
           http_responder respond);
  void add_stream(const std::string& method, const std::string& pattern,
                  http_stream_responder respond);

  struct route {
    std::string method;
    std::vector<std::string> pattern;
    /// One of the two.
    kj::Maybe<http_responder> respond;
    kj::Maybe<http_stream_responder> stream;
  };

  /// Null with the methods that would have fitted, if there are any.
  struct found {
    route* to = nullptr;
    std::string allowed; ///< "GET, PUT"
  };
  found find(const std::string& method, const http_target& target);

private:
  std::vector<std::unique_ptr<route>> routes_;
};

/// What /healthz, /readyz and /metrics tell. Called on the network thread.
struct health_sources {
  /// Why this node can't serve now, for people; empty if it can. /readyz says 503
  /// then. /healthz says 200 as long as the network thread turns.
  std::function<kj::Promise<std::string>()> not_ready;
  /// In Prometheus' text format: a look at what is there, it must not block.
  std::function<std::string()> metrics;
};
void add_health_routes(http_routes& routes, health_sources sources);

} // namespace present::network
