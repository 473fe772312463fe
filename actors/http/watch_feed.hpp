#pragma once

#include "actors/http/client_asker.hpp"
#include "actors/http/watch_query.hpp"
#include "runtime/network/http_routes.hpp"

#include <deque>
#include <memory>

namespace present::http {

/// One stream of server-sent events: `watch_stream::machine` with the node's own client
/// below it and a connection above. What a peer doesn't take isn't asked for (S2).
///
/// Nothing is said before the watch has begun, so that what refuses it is a status.
/// Lives on the network thread, until its promise ends or is dropped.
class watch_feed final : private kj::TaskSet::ErrorHandler {
public:
  watch_feed(std::shared_ptr<client_asker> client, kj::Timer& timer, watch_query what,
             network::http_stream& to, const observe::trace_context& trace);

  /// Resolves when all has been said. Once.
  kj::Promise<void> run();

private:
  void taskFailed(kj::Exception&& problem) override;

  void step(client::watch_stream::event_kind what);
  void perform(const client::watch_stream::ask_map& what);
  void perform(client::watch_stream::ask_partition& what);
  void perform(client::watch_stream::deliver& what);
  kj::Promise<client::outcome_of_call> ask(client::call_kind what, std::uint32_t deadline_ms);
  void arm();
  void write_next();
  kj::Promise<void> write(const client::watch_stream::deliver& what);
  std::string text_of(const client::watch_stream::deliver& what);

  const std::shared_ptr<client_asker> client_;
  kj::Timer& timer_;
  network::http_stream& to_;
  const observe::trace_context trace_;
  std::uint64_t left_; ///< changes until the end, if there is one
  const bool has_limit_;
  client::watch_stream::machine machine_;
  std::deque<client::watch_stream::deliver> unwritten_; ///< one per partition at most
  time_ms armed_ = 0; ///< 0: no timer runs
  bool is_writing_ = false;
  bool has_begun_ = false;
  bool is_last_ = false; ///< what is being written
  kj::Own<kj::PromiseFulfiller<void>> over_;
  kj::TaskSet tasks_; // last: its tasks end before what they use
};

} // namespace present::http
