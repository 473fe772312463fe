#include "actors/client/gateway_link.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/partition/operation_codec.hpp"
#include "actors/partition/operation_size.hpp"
#include "actors/session/rpc_codec.hpp"
#include "runtime/network/error_codec.hpp"
#include "runtime/base/bounds.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace present::client {

namespace {

/// Before a node that refused a session is asked for one again.
constexpr auto session_pause = 100 * kj::MILLISECONDS;

} // namespace

gateway_link::gateway_link(network::network_loop& loop,
                           std::shared_ptr<network::tls_configuration> tls,
                           network::rpc_link_options options, std::string cluster,
                           node_id node)
    : loop_(loop), cluster_(std::move(cluster)), node_(node),
      link_(std::in_place, loop, std::move(tls), std::move(options),
            network::rpc_link_events{
              [this](capnp::Capability::Client gate, const network::peer_identity&) {
                on_up(kj::mv(gate));
              },
              [this](const std::string&) { on_down(); }}) {
}

// -- up and down -------------------------------------------------------------------

void gateway_link::on_up(capnp::Capability::Client offered) {
  ++connection_;
  gate_ = offered.castAs<schema::Gate>();
  open_session();
}

void gateway_link::greet(schema::Hello::Builder hello) const {
  hello.setFormatVersion(schema::FORMAT_VERSION);
  hello.setCluster(cluster_.c_str());
}

/// A node that can't have us yet may soon; else nothing would open a session before
/// the connection is lost.
void gateway_link::open_session() {
  KJ_IF_MAYBE(gate, gate_) {
    auto ask = gate->clientRequest();
    greet(ask.initHello());
    loop_.detach(ask.send().then([this, connection = connection_](auto answer) {
      if (connection != connection_)
        return;
      const auto refused = decode_error(answer.getError());
      if (refused.code == error_code::ok) {
        become_open(answer.getSession(), {answer.getHello().getNode()});
        return;
      }
      loop_.log(network::log_severity::warning,
                "node " + std::to_string(node_.value) + " refuses: " + refused.message);
      if (traits_of(refused.code).retryable)
        reopen_session(session_pause);
    }, [this, connection = connection_](kj::Exception&&) {
      if (connection == connection_)
        reopen_session(session_pause);
    }));
  }
}

void gateway_link::become_open(schema::Session::Client session, node_id there) {
  session_ = kj::mv(session);
  ++sessions_;
  node_ = there;
  tell_up();
}

void gateway_link::tell_up() {
  for (auto& waiting : std::exchange(waiting_for_up_, {}))
    waiting->fulfill();
}

void gateway_link::reopen_session(kj::Duration pause) {
  loop_.detach(loop_.timer().afterDelay(pause).then([this, connection = connection_] {
    if (connection == connection_)
      open_session();
  }));
}

/// A call on a session has failed, though the connection stands: it has ended on the
/// node, where actors restart. The next one is opened.
void gateway_link::on_broken(std::uint64_t connection, std::uint64_t session) {
  if (connection != connection_ || session != sessions_ || session_ == nullptr)
    return;
  session_ = nullptr;
  fail_gathered();
  // The loss of the connection, if that is what it was, is heard first.
  reopen_session(0 * kj::MILLISECONDS);
}

void gateway_link::on_down() {
  ++connection_;
  watch_ = {};
  gate_ = nullptr;
  session_ = nullptr;
  fail_gathered();
}

void gateway_link::fail_gathered() {
  for (auto& [name, of] : std::exchange(lanes_, {})) {
    batch lost{std::make_move_iterator(of.gathered.begin()),
               std::make_move_iterator(of.gathered.end())};
    fail(lost, true);
  }
}

void gateway_link::retire() {
  link_.reset();
  on_down();
}

kj::Promise<void> gateway_link::wait_until_up() {
  if (is_up())
    return kj::READY_NOW;
  auto pair = kj::newPromiseAndFulfiller<void>();
  waiting_for_up_.push_back(kj::mv(pair.fulfiller));
  return kj::mv(pair.promise);
}

// -- silence -----------------------------------------------------------------------

void gateway_link::tick_later() {
  loop_.detach(loop_.timer()
                 .afterDelay(silence_watch::tick_ms * kj::MILLISECONDS)
                 .then([this, connection = connection_] {
                   if (connection == connection_)
                     on_tick();
                 }));
}

void gateway_link::on_tick() {
  switch (watch_.on_tick(owed_ > 0)) {
    case silence_watch::order::ask_for_sign:
      loop_.detach(link_->ask_for_sign().then([this] { on_heard(); },
                                              [](kj::Exception&&) {})); // on_down says so
      [[fallthrough]];
    case silence_watch::order::listen:
      tick_later();
      return;
    case silence_watch::order::give_up:
      become_silent();
      return;
    case silence_watch::order::rest:
      return;
  }
}

void gateway_link::become_silent() {
  loop_.log(network::log_severity::warning,
            "node " + std::to_string(node_.value)
              + " has fallen silent: what waits for it is tried elsewhere");
  ++connection_;
  fail_gathered();
  auto now = kj::mv(silence_.fulfiller);
  silence_ = kj::newPromiseAndFulfiller<void>();
  fell_silent_ = silence_.promise.fork();
  now->fulfill();
}

void gateway_link::on_heard() {
  if (!watch_.on_heard())
    return;
  loop_.log(network::log_severity::info,
            "node " + std::to_string(node_.value) + " is heard again");
  if (is_up())
    tell_up();
}

// -- calls -------------------------------------------------------------------------

void gateway_link::send(outgoing what) {
  if (!is_up()) {
    batch lost;
    lost.push_back(std::move(what));
    fail(lost, true);
    return;
  }
  // What waits there would keep others waiting, and is no sign of how busy the node is.
  if (what.what.what.may_wait()) {
    call_alone(std::move(what));
    return;
  }
  lanes_[lane_of(what.what)].gathered.push_back(std::move(what));
  if (flush_scheduled_)
    return;
  // Behind all that the actors have posted by now.
  flush_scheduled_ = true;
  loop_.detach(kj::evalLater([this] { flush(); }));
}

void gateway_link::flush() {
  flush_scheduled_ = false;
  for (auto& [name, to] : lanes_)
    if (to.pace.may_call(to.gathered.size()))
      call(name, take_batch(to));
}

void gateway_link::on_answered(const lane_name& name, std::size_t operations,
                               kj::Duration took) {
  auto& to = lanes_[name];
  const auto pause = to.pace.on_answered(
    operations, static_cast<std::uint64_t>(took / kj::MICROSECONDS), to.gathered.size());
  if (pause)
    loop_.detach(loop_.timer()
                   .afterDelay(static_cast<std::int64_t>(pause->microseconds)
                               * kj::MICROSECONDS)
                   .then([this, name, connection = connection_,
                          ticket = pause->ticket] {
                     if (connection != connection_)
                       return;
                     lanes_[name].pace.on_pause_over(ticket);
                     flush();
                   }));
  flush();
}

auto gateway_link::take_batch(lane& from) -> batch {
  auto& queue = from.gathered;
  batch taken;
  std::size_t bytes = 0;
  while (!queue.empty() && taken.size() < bounds::max_request_operations) {
    const auto more = encoded_bytes(queue.front().what.what);
    // One request is of one map; most often that is all of them.
    if (!taken.empty()
        && (bytes + more > bounds::max_request
            || queue.front().what.epoch != taken.front().what.epoch))
      break;
    bytes += more;
    taken.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return taken;
}

void gateway_link::write_request(const batch& from, schema::Request::Builder to) const {
  hlc_stamp seen;
  std::uint32_t patience = 0;
  for (const auto& one : from) {
    seen = std::max(seen, one.what.seen);
    patience = std::max(patience, one.what.deadline_ms);
  }
  to.setPartition(from.front().what.partition.value);
  to.setEpoch(from.front().what.epoch.value);
  to.setSeen(seen.value);
  to.setDeadlineMs(patience);
  // One request, one trace: of several the one that somebody looks at.
  const auto traced = std::find_if(from.begin(), from.end(), [](const outgoing& one) {
    return one.what.trace.sampled;
  });
  to.setTraceparent(
    observe::format_traceparent((traced == from.end() ? from.front() : *traced).what.trace));
  auto operations = to.initOperations(static_cast<unsigned>(from.size()));
  for (unsigned place = 0; place < from.size(); ++place)
    encode_operation(from[place].what.what, operations[place]);
}

void gateway_link::call(const lane_name& name, batch what) {
  KJ_IF_MAYBE(session, session_) {
    lanes_[name].pace.on_called();
    auto ask = session->submitRequest();
    write_request(what, ask.initRequest());
    auto shared = std::make_shared<batch>(std::move(what));
    const auto connection = connection_;
    const auto done = [this, name, connection, operations = shared->size(),
                       sent = loop_.timer().now()] {
      if (connection == connection_)
        on_answered(name, operations, loop_.timer().now() - sent);
    };
    loop_.detach(owed(ask.send()).then(
      [shared, done](auto answer) {
        deliver(*shared, answer.getResponse());
        done();
      },
      [this, shared, done, connection, opened = sessions_](kj::Exception&&) {
        fail(*shared, false);
        done();
        on_broken(connection, opened);
      }));
  }
}

void gateway_link::call_alone(outgoing what) {
  KJ_IF_MAYBE(session, session_) {
    auto shared = std::make_shared<batch>();
    shared->push_back(std::move(what));
    auto ask = session->submitRequest();
    write_request(*shared, ask.initRequest());
    loop_.detach(owed(ask.send()).then(
      [shared](auto answer) { deliver(*shared, answer.getResponse()); },
      [this, shared, connection = connection_, opened = sessions_](kj::Exception&&) {
        fail(*shared, false);
        on_broken(connection, opened);
      }));
  }
}

void gateway_link::deliver(batch& to, schema::Response::Reader from) {
  answered common;
  common.failure = decode_error(from.getFailure());
  common.stamp = {from.getStamp()};
  common.epoch = {from.getEpoch()};
  common.leader = {from.getLeader()};
  const auto answers = from.getAnswers();
  if (common.failure.code == error_code::ok && answers.size() != to.size())
    common.failure = make_error(error_code::unknown_outcome,
                                "the node answered another number of operations");
  attempts_answered together; // those of one client that stand side by side
  for (unsigned place = 0; place < to.size(); ++place) {
    auto& one = together.what.emplace_back(common);
    one.attempt = to[place].what.attempt;
    if (one.failure.code == error_code::ok)
      one.what = decode_answer(answers[place]);
    if (place + 1 == to.size() || to[place + 1].from != to[place].from)
      caf::anon_send(to[place].from, std::exchange(together, {}));
  }
}

void gateway_link::fail(batch& what, bool never_sent) {
  for (auto& one : what)
    caf::anon_send(one.from, attempt_failed{{one.what.attempt, never_sent}});
}

kj::Promise<std::shared_ptr<const cluster_map>> gateway_link::fetch_map() {
  KJ_IF_MAYBE(session, session_) {
    return owed(session->mapRequest().send()).then(
      [](auto answer) {
        const auto refused = decode_error(answer.getError());
        KJ_REQUIRE(refused.code == error_code::ok, refused.message);
        auto map = decode_map(answer.getMap());
        KJ_REQUIRE(bool{map}, map.problem().message);
        return cluster_map_ptr{std::make_shared<const cluster_map>(std::move(*map))};
      },
      [this, connection = connection_,
       opened = sessions_](kj::Exception&& problem) -> cluster_map_ptr {
        on_broken(connection, opened);
        kj::throwFatalException(kj::mv(problem));
      });
  }
  return KJ_EXCEPTION(DISCONNECTED, "the node can't be reached");
}

kj::Promise<result<schema::Admin::Client>> gateway_link::admin() {
  KJ_IF_MAYBE(gate, gate_) {
    auto ask = gate->adminRequest();
    greet(ask.initHello());
    return ask.send().then([](auto answer) -> result<schema::Admin::Client> {
      auto refused = decode_error(answer.getError());
      if (refused.code != error_code::ok)
        return refused;
      return answer.getAdmin();
    });
  }
  return KJ_EXCEPTION(DISCONNECTED, "the node can't be reached");
}

} // namespace present::client
