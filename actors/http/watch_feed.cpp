#include "actors/http/watch_feed.hpp"

#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"

#include <utility>

namespace present::http {

namespace stream = client::watch_stream;

namespace {

/// A watch that could not begin by then is refused: the cluster has no quorum.
constexpr auto begin_patience = 10 * kj::SECONDS;

network::http_reply head_of_events(const observe::trace_context& trace) {
  return {200,
          "text/event-stream",
          {{"Cache-Control", "no-store"}, {"traceparent", observe::format_traceparent(trace)}},
          {}};
}

error not_begun() {
  auto why = make_error(error_code::no_quorum,
                        "the partitions that have these keys did not answer in time");
  why.retry_after_ms = 1000;
  return why;
}

bool is_change(const client::watch_event& what) {
  return what.is == client::watch_event::kind::changed
         || what.is == client::watch_event::kind::removed;
}

} // namespace

watch_feed::watch_feed(std::shared_ptr<client_asker> client, kj::Timer& timer, watch_query what,
                       network::http_stream& to, const observe::trace_context& trace)
    : client_(std::move(client)), timer_(timer), to_(to), trace_(trace), left_(what.limit),
      has_limit_(what.limit != 0),
      machine_({std::move(what.what), edge::machine_entropy().next()}), tasks_(*this) {
}

kj::Promise<void> watch_feed::run() {
  auto pair = kj::newPromiseAndFulfiller<void>();
  over_ = kj::mv(pair.fulfiller);
  tasks_.add(timer_.afterDelay(begin_patience).then([this] {
    if (!has_begun_) {
      client::watch_event told;
      told.is = client::watch_event::kind::ended;
      told.why = not_begun();
      stream::deliver last{{}, {std::move(told)}};
      perform(last);
    }
  }));
  step(stream::begun{});
  return kj::mv(pair.promise);
}

/// The peer has gone, or what asked for it has.
void watch_feed::taskFailed(kj::Exception&& problem) {
  over_->reject(kj::mv(problem));
}

void watch_feed::step(stream::event_kind what) {
  stream::effects out;
  machine_.step({edge::machine_clock().monotonic_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
  arm();
}

void watch_feed::arm() {
  const auto wake = machine_.next_wake();
  if (!wake || (armed_ != 0 && armed_ <= *wake))
    return;
  armed_ = *wake;
  const auto now = edge::machine_clock().monotonic_ms();
  const auto pause = static_cast<std::int64_t>(*wake > now ? *wake - now : 0);
  tasks_.add(timer_.afterDelay(pause * kj::MILLISECONDS).then([this] {
    armed_ = 0;
    step(stream::time_passed{});
  }));
}

kj::Promise<client::outcome_of_call> watch_feed::ask(client::call_kind what,
                                                     std::uint32_t deadline_ms) {
  client::batch_call one;
  one.calls.push_back(std::move(what));
  one.deadline_ms = deadline_ms;
  one.trace = trace_;
  return client_->ask(std::move(one)).then([](client::batch_outcome how) {
    return std::move(how.outcomes.front());
  });
}

void watch_feed::perform(const stream::ask_map&) {
  tasks_.add(ask(client::map_call{}, 0).then([this](client::outcome_of_call how) {
    if (how.map)
      step(stream::map_known{std::move(how.map)});
    else
      step(stream::map_failed{std::move(how.problem)});
  }));
}

void watch_feed::perform(stream::ask_partition& what) {
  const auto partition = what.what.partition;
  tasks_.add(ask(std::move(what.what), what.deadline_ms)
               .then([this, partition](client::outcome_of_call how) {
                 step(stream::answered{partition, std::move(how)});
               }));
}

void watch_feed::perform(stream::deliver& what) {
  unwritten_.push_back(std::move(what));
  if (!is_writing_)
    write_next();
}

void watch_feed::write_next() {
  if (unwritten_.empty() || is_last_)
    return;
  is_writing_ = true;
  auto next = std::move(unwritten_.front());
  unwritten_.pop_front();
  const auto partition = next.partition;
  tasks_.add(write(next).then([this, partition] {
    is_writing_ = false;
    if (is_last_)
      return over_->fulfill();
    step(stream::taken{partition});
    if (!is_writing_)
      write_next();
  }));
}

kj::Promise<void> watch_feed::write(const stream::deliver& what) {
  const auto& last = what.events.back();
  const bool is_refusal = !has_begun_ && last.is == client::watch_event::kind::ended
                          && last.why.code != error_code::too_old;
  if (is_refusal) {
    auto why = last.why;
    why.trace_id = observe::trace_id_text(trace_);
    auto reply = network::error_reply(why);
    reply.headers.emplace_back("traceparent", observe::format_traceparent(trace_));
    is_last_ = has_begun_ = true;
    to_.begin(reply);
    return to_.write(std::move(reply.body));
  }
  if (!std::exchange(has_begun_, true))
    to_.begin(head_of_events(trace_));
  return to_.write(text_of(what));
}

std::string watch_feed::text_of(const stream::deliver& what) {
  std::string text;
  for (const auto& each : what.events) {
    text += sent_event(each);
    is_last_ |= each.is == client::watch_event::kind::ended;
    if (has_limit_ && is_change(each) && --left_ == 0)
      is_last_ = true;
    if (is_last_)
      break;
  }
  return text;
}

} // namespace present::http
