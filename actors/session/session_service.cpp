#include "actors/session/session_service.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/session/rpc_codec.hpp"
#include "runtime/network/error_codec.hpp"

#include <caf/send.hpp>

#include <kj/debug.h>

namespace present {

// -- from any thread ---------------------------------------------------------------

void network_door::opened(result<session_actor> session) {
  thread_.post([self = shared_from_this(), session = std::move(session)](auto&) mutable {
    if (session)
      self->session_ = *session;
    if (self->opening_)
      self->opening_->fulfill(std::move(session));
    else if (self->session_)
      caf::anon_send(self->session_, session_closed{}); // closed while it opened
  });
}

void network_door::reply(std::uint64_t number, std::shared_ptr<const response> what) {
  thread_.post([self = shared_from_this(), number, what = std::move(what)](auto&) mutable {
    fulfil(self->calls_, number, std::move(what));
  });
}

void network_door::reply_map(std::uint64_t number, result<cluster_map_ptr> map) {
  thread_.post([self = shared_from_this(), number, map = std::move(map)](auto&) mutable {
    fulfil(self->map_calls_, number, std::move(map));
  });
}

void network_door::ended() {
  thread_.post([self = shared_from_this()](auto&) {
    self->over_ = true;
    // Dropped fulfillers break their promises: the caller sees a broken
    // capability, reconnects, and its outcomes are unknown until it has asked.
    self->calls_.clear();
    self->map_calls_.clear();
  });
}

// -- on the network thread ---------------------------------------------------------

template <class T>
void network_door::fulfil(waiting<T>& calls, std::uint64_t number, T value) {
  const auto found = calls.find(number);
  if (found == calls.end())
    return; // the connection was closed
  auto fulfiller = kj::mv(found->second);
  calls.erase(found);
  fulfiller->fulfill(std::move(value));
}

kj::Promise<result<session_actor>> network_door::wait_until_open() {
  auto pair = kj::newPromiseAndFulfiller<result<session_actor>>();
  opening_ = kj::mv(pair.fulfiller);
  return kj::mv(pair.promise);
}

kj::Promise<std::shared_ptr<const response>>
network_door::call(std::shared_ptr<const request> what) {
  KJ_REQUIRE(!over_, "the session has ended");
  const auto number = ++last_number_;
  auto pair = kj::newPromiseAndFulfiller<std::shared_ptr<const response>>();
  calls_.emplace(number, kj::mv(pair.fulfiller));
  caf::anon_send(session_, session_call{number, std::move(what)});
  return kj::mv(pair.promise);
}

kj::Promise<result<cluster_map_ptr>> network_door::ask_for_map() {
  KJ_REQUIRE(!over_, "the session has ended");
  const auto number = ++last_number_;
  auto pair = kj::newPromiseAndFulfiller<result<cluster_map_ptr>>();
  map_calls_.emplace(number, kj::mv(pair.fulfiller));
  caf::anon_send(session_, session_map_call{number});
  return kj::mv(pair.promise);
}

void network_door::close() {
  opening_ = nullptr;
  calls_.clear();
  map_calls_.clear();
  if (session_ && !over_)
    caf::anon_send(session_, session_closed{});
}

// -- the capability ----------------------------------------------------------------

kj::Promise<void> session_service::submit(SubmitContext context) {
  auto asked = decode_request(context.getParams().getRequest());
  context.releaseParams();
  if (!asked) {
    response refused;
    refused.failure = asked.problem();
    encode_response(refused, context.getResults().initResponse());
    return kj::READY_NOW;
  }
  return door_->call(std::make_shared<const request>(std::move(*asked)))
    .then([context](std::shared_ptr<const response> what) mutable {
      encode_response(*what, context.getResults().initResponse());
    });
}

kj::Promise<void> session_service::map(MapContext context) {
  return door_->ask_for_map().then([context](result<cluster_map_ptr> map) mutable {
    if (map)
      encode_map(**map, context.getResults().initMap());
    else
      encode_error(map.problem(), context.getResults().initError());
  });
}

} // namespace present
