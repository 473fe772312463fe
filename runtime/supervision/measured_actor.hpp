#pragma once

#include "runtime/edge/log.hpp"
#include "runtime/observe/tracer.hpp"
#include "runtime/supervision/actor_meter.hpp"
#include "runtime/supervision/child_record.hpp"
#include "runtime/supervision/supervisor_contract.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace present::supervision {

/// What a supervisor gives to an actor that it makes.
struct birth_certificate {
  std::shared_ptr<child_record> record;
  std::shared_ptr<actor_meter> meter; ///< of this incarnation
  const edge::clock* clock = nullptr;
  observe::tracer* tracer = nullptr; ///< nullptr: nothing is traced
  /// Tells the supervisor that the actor is ready. Called once, by the actor.
  std::function<void()> announce;
};

/// Whether a request was refused because the receiver's mailbox is full: say
/// `overloaded`; nothing has been done with it.
bool is_mailbox_full(const caf::error& why);

namespace detail {

/// The certificate for the actor that this thread is constructing, or nullptr:
/// a CAF actor's constructor gets nothing of ours passed in. Taken once.
const birth_certificate* take_certificate();

class certificate_scope {
public:
  explicit certificate_scope(const birth_certificate& certificate);
  ~certificate_scope();
  certificate_scope(const certificate_scope&) = delete;
  certificate_scope& operator=(const certificate_scope&) = delete;
};

std::string text_of(const std::exception_ptr& thrown);
caf::error crash(const std::string& text);
/// Of an actor that was made without a supervisor, as tests do.
birth_certificate foundling();
/// Mail that a full mailbox may refuse, and the answer to its sender.
bool may_refuse(const caf::mailbox_element& x);
void refuse(caf::mailbox_element& x);
/// Empty unless `x` asks for a description.
const describe_request* as_describe_request(caf::mailbox_element& x);
bool is_kill(const caf::mailbox_element& x);

template <class Handle>
struct base_of {
  using type = typename Handle::base;
};
template <>
struct base_of<caf::actor> {
  using type = caf::event_based_actor;
};

} // namespace detail

/// The base of all actors: `Base` is one of CAF's event-based actors. It counts
/// messages and the time spent on them, answers `describe_request` ahead of
/// other mail, ends when it is killed whatever it waits for, turns an exception in
/// a handler into a crash that its supervisor sees with its text, and says nothing
/// on stdout, as CAF's defaults do.
///
/// Costs one clock reading and a few additions a message.
template <class Base>
class measured : public Base {
public:
  using super = Base;

  template <class... Ts>
  explicit measured(caf::actor_config& cfg, Ts&&... xs)
      : Base(cfg, std::forward<Ts>(xs)...) {
    const auto* given = detail::take_certificate();
    certificate_ = given ? *given : detail::foundling();
    meter_ = certificate_.meter.get();
    log_ = edge::logger(identity().node, identity().path);
    set_quiet_handlers();
  }

  const actor_identity& identity() const {
    return certificate_.record->identity();
  }
  const edge::logger& log() const { return log_; }
  const edge::clock& time() const { return *certificate_.clock; }
  /// A span of what this actor does on behalf of `parent`, from a message; pass
  /// its context on in what is sent meanwhile (O1).
  observe::active_span start_span(std::string_view what,
                                  const observe::trace_context& parent) {
    if (certificate_.tracer)
      return certificate_.tracer->start(what, parent);
    return observe::active_span{parent};
  }
  observe::tracer* tracer() const { return certificate_.tracer; }
  actor_meter& meter() { return *meter_; }

  /// What the actor adds to its description, asked in its own thread.
  void describe_with(std::function<details()> more) { more_ = std::move(more); }

  /// Called while the actor initialises itself: it is not ready when that ends,
  /// but when it calls `become_ready`, after it has recovered from disk, say.
  /// Until then it has no address, and those to its right aren't started.
  void defer_ready() { deferred_ = true; }
  void become_ready() {
    if (auto announce = std::exchange(certificate_.announce, nullptr))
      announce();
  }

  /// Refuses mail while `messages` wait: a request is answered at once
  /// (`is_mailbox_full`), other mail is dropped. For actors whose senders don't limit
  /// themselves. Answers, exits and the like are always let in.
  void limit_mailbox(std::uint64_t messages) { meter_->set_limit(messages); }

  // -- where CAF lets us measure -----------------------------------------------

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr x, caf::execution_unit* unit) override {
    if (!meter_->on_enqueued() && detail::may_refuse(*x)) [[unlikely]] {
      meter_->on_refused();
      detail::refuse(*x);
      return;
    }
    Base::enqueue(std::move(x), unit);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit,
                                       size_t max_throughput) override {
    last_ns_ = certificate_.clock->monotonic_ns();
    return Base::resume(unit, max_throughput);
  }

  using Base::consume;
  caf::invoke_message_result consume(caf::mailbox_element& x) override {
    const auto done = consume_unmeasured(x);
    if (done != caf::invoke_message_result::skipped) {
      // The end of one message is the start of the next.
      const auto now_ns = certificate_.clock->monotonic_ns();
      meter_->on_consumed(now_ns - last_ns_);
      last_ns_ = now_ns;
    }
    return done;
  }

  void initialize() override {
    Base::initialize();
    if (!deferred_)
      become_ready();
  }

protected:
  /// Answers `describe_request`; a supervisor's answer holds its children too.
  virtual void answer(const describe_request&, caf::response_promise promise) {
    promise.deliver(describe_self());
  }

  /// While the question is handled, which is no mail that waits.
  description describe_self() {
    auto self = certificate_.record->describe();
    self.mailbox -= self.mailbox > 0;
    if (more_)
      self.more = more_();
    return self;
  }

private:
  /// While an answer is awaited, CAF puts an urgent message aside until the next
  /// urgent one: an actor that was killed then would outlive its supervisor.
  caf::invoke_message_result consume_unmeasured(caf::mailbox_element& x) {
    if (!x.mid.is_urgent_message())
      return Base::consume(x);
    if (const auto* request = detail::as_describe_request(x)) {
      this->current_mailbox_element(&x);
      answer(*request, this->make_response_promise());
      return caf::invoke_message_result::consumed;
    }
    if (detail::is_kill(x)) {
      this->quit(caf::exit_reason::kill);
      return caf::invoke_message_result::consumed;
    }
    return Base::consume(x);
  }

  void set_quiet_handlers() {
    this->set_exception_handler(
      [this](std::exception_ptr& thrown) -> caf::error {
        auto text = detail::text_of(thrown);
        log_.error("crashed", {{"error", text}});
        meter_->set_error(text);
        return detail::crash(text);
      });
    this->set_default_handler(
      [this](caf::scheduled_actor*, caf::message_view& x)
        -> caf::result<caf::message> {
        // Sent without priority: it waited like other mail.
        if (x.content().match_elements<describe_request>()) {
          answer(x.content().get_as<describe_request>(0),
                 this->make_response_promise());
          return caf::delegated<caf::message>{};
        }
        log_.warning("unexpected message",
                     {{"content", caf::to_string(x.content())}});
        return caf::sec::unexpected_message;
      });
    this->set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
  }

  birth_certificate certificate_;
  actor_meter* meter_ = nullptr;
  edge::logger log_;
  std::function<details()> more_;
  std::uint64_t last_ns_ = 0;
  bool deferred_ = false;
};

/// The measured base for an actor whose contract is `Handle`, a typed actor or
/// `caf::actor`.
template <class Handle>
using measured_actor = measured<typename detail::base_of<Handle>::type>;

/// The same with a state: `stateful<journal_state, journal_handle>`.
template <class State, class Handle>
using stateful = caf::stateful_actor<State, measured_actor<Handle>>;

} // namespace present::supervision
