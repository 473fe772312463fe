#include "actors/http/client_asker.hpp"

#include "actors/system_names.hpp"

#include <caf/send.hpp>

namespace present::http {

namespace {

/// The client answers at the deadline; this is for its being busy.
constexpr std::uint64_t margin_ms = 2'000;
constexpr std::uint32_t restart_pause_ms = 200;

client::batch_outcome all_failed(std::size_t calls, const observe::trace_context& trace,
                                 error why) {
  why.trace_id = observe::trace_id_text(trace);
  client::outcome_of_call one;
  one.problem = std::move(why);
  return {std::vector<client::outcome_of_call>(calls, one)};
}

/// In the client's thread. Holds nothing of kj's: it may go in any thread.
class waiting_listener final : public client::batch_listener {
public:
  waiting_listener(network::network_thread& thread, std::shared_ptr<client_asker> asker,
                   std::uint64_t number)
      : thread_(thread), asker_(std::move(asker)), number_(number) {}

  void completed(client::batch_outcome how) override {
    thread_.post([asker = asker_, number = number_, how = std::move(how)](auto&) mutable {
      asker->completed(number, std::move(how));
    });
  }

private:
  network::network_thread& thread_;
  const std::shared_ptr<client_asker> asker_;
  const std::uint64_t number_;
};

} // namespace

client_asker::client_asker(network::network_thread& thread, kj::Timer& timer,
                           supervision::address_book& addresses)
    : thread_(thread), timer_(timer),
      client_(addresses.address_of<client::client_actor>(paths::client)) {
}

kj::Promise<client::batch_outcome> client_asker::ask(client::batch_call what) {
  const auto calls = what.calls.size();
  const auto trace = what.trace;
  if (calls == 0)
    return client::batch_outcome{};
  const auto& to = client_.get();
  if (!to) {
    auto busy = make_error(error_code::overloaded, "the node's client restarts");
    busy.retry_after_ms = restart_pause_ms;
    return all_failed(calls, trace, std::move(busy));
  }
  const auto number = ++last_number_;
  const std::uint64_t patience_ms
    = what.deadline_ms ? what.deadline_ms : bounds::default_deadline_ms;
  auto pair = kj::newPromiseAndFulfiller<client::batch_outcome>();
  waiting_.emplace(number, kj::mv(pair.fulfiller));
  caf::anon_send(to, client::routed_batch{std::move(what), std::make_shared<waiting_listener>(
                                                             thread_, shared_from_this(), number)});
  auto lapse = timer_.afterDelay((patience_ms + margin_ms) * kj::MILLISECONDS)
                 .then([calls, trace] {
                   return all_failed(calls, trace,
                                     make_error(error_code::unknown_outcome,
                                                "the node's client did not answer"));
                 });
  return pair.promise.exclusiveJoin(kj::mv(lapse))
    .attach(kj::defer([self = shared_from_this(), number] { self->waiting_.erase(number); }));
}

void client_asker::completed(std::uint64_t number, client::batch_outcome how) {
  const auto found = waiting_.find(number);
  if (found != waiting_.end())
    found->second->fulfill(std::move(how));
}

} // namespace present::http
