#include "runtime/observe/tracer.hpp"

#include "runtime/base/splitmix64.hpp"
#include "runtime/observe/metrics.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace present::observe {

// -- active_span -----------------------------------------------------------------

active_span::active_span(active_span&& other) noexcept
    : to_(std::exchange(other.to_, nullptr)), what_(std::move(other.what_)) {}

active_span& active_span::operator=(active_span&& other) noexcept {
  if (this != &other) {
    finish();
    to_ = std::exchange(other.to_, nullptr);
    what_ = std::move(other.what_);
  }
  return *this;
}

void active_span::set(std::string_view key, std::string_view value) {
  if (to_ && what_.attributes.size() < max_span_attributes)
    what_.attributes.emplace_back(key.substr(0, max_span_text),
                                  value.substr(0, max_span_text));
}

void active_span::fail(error_code code) {
  what_.outcome = code;
}

void active_span::depends_on(hlc_stamp cause) {
  if (to_ && what_.causes.size() < max_span_causes)
    what_.causes.push_back(cause);
}

void active_span::in_epoch(std::uint64_t constitution, map_epoch map) {
  what_.constitution = constitution;
  what_.map = map;
}

void active_span::began_at(std::uint64_t monotonic_ns) {
  what_.began_ns = monotonic_ns;
}

void active_span::finish() {
  if (to_)
    finish_at(to_->clock_.monotonic_ns());
}

void active_span::finish_at(std::uint64_t monotonic_ns) {
  if (auto* to = std::exchange(to_, nullptr)) {
    what_.duration_us = (std::max(monotonic_ns, what_.began_ns) - what_.began_ns) / 1000;
    // What is called after the end still belongs to the trace.
    const auto context = what_.self;
    to->record(std::move(what_));
    what_.self = context;
  }
}

// -- tracer ----------------------------------------------------------------------

tracer::tracer(settings chosen, const edge::clock& clock,
               edge::entropy& entropy)
    : settings_(chosen),
      clock_(clock),
      id_state_(entropy.next()),
      sampler_(chosen.traces_per_second) {}

active_span tracer::start(std::string_view name, const trace_context& parent) {
  active_span begun;
  auto& what = begun.what_;
  what.self = parent;
  if (!parent) {
    what.self = {next_id(), next_id(), next_id(), false};
    what.self.sampled = is_sampled(what.self);
  }
  // Unsampled, the caller's span stands for all that it caused: nobody will look
  // for those in between.
  if (!what.self.sampled)
    return begun;
  if (parent) {
    what.parent = parent.span;
    what.self.span = next_id();
  }
  what.name = name.substr(0, max_span_text);
  what.node = settings_.node;
  what.start_ms = clock_.wall_ms();
  what.began_ns = clock_.monotonic_ns();
  begun.to_ = this;
  return begun;
}

active_span tracer::start_at_door(std::string_view name, trace_context parent) {
  if (parent && !parent.sampled)
    parent.sampled = is_sampled(parent);
  return start(name, parent);
}

std::vector<span> tracer::find(std::uint64_t trace_high,
                               std::uint64_t trace_low) const {
  std::vector<span> found;
  {
    const std::lock_guard hold(mutex_);
    for (auto one = kept_.rbegin(); one != kept_.rend() && found.size() < max_trace_spans;
         ++one)
      if (one->self.trace_high == trace_high && one->self.trace_low == trace_low)
        found.push_back(*one);
  }
  std::sort(found.begin(), found.end(), [](const span& a, const span& b) {
    return std::tie(a.began_ns, a.start_ms, a.self.span)
           < std::tie(b.began_ns, b.start_ms, b.self.span);
  });
  return found;
}

std::vector<span> tracer::take_for_export() {
  std::deque<span> taken;
  {
    const std::lock_guard hold(mutex_);
    taken.swap(to_export_);
  }
  return {std::make_move_iterator(taken.begin()),
          std::make_move_iterator(taken.end())};
}

tracer::figures tracer::read_figures() const {
  const std::lock_guard hold(mutex_);
  return {recorded_, not_exported_, sampler_.share()};
}

void tracer::record(span&& finished) {
  const std::lock_guard hold(mutex_);
  ++recorded_;
  if (settings_.spans_exported > 0) {
    if (to_export_.size() == settings_.spans_exported) {
      to_export_.pop_front();
      ++not_exported_;
    }
    to_export_.push_back(finished);
  }
  if (kept_.size() == settings_.spans_kept)
    kept_.pop_front();
  kept_.push_back(std::move(finished));
}

std::uint64_t tracer::next_id() {
  for (;;) {
    const auto value = splitmix64_of(
      id_state_.fetch_add(splitmix64_step, std::memory_order_relaxed));
    if (value != 0)
      return value;
  }
}

bool tracer::is_sampled(const trace_context& begun) {
  const auto now = clock_.monotonic_ms();
  const std::lock_guard hold(mutex_);
  return sampler_.takes(begun.trace_low, now);
}

void add_trace_metrics(metrics& to, const tracer& of) {
  to.add_source([&of](samples& scrape) {
    const auto now = of.read_figures();
    scrape.add_counter("present_trace_spans_total", "Spans recorded.",
                       static_cast<double>(now.recorded));
    scrape.add_counter("present_trace_spans_lost_total",
                       "Spans dropped before their export.",
                       static_cast<double>(now.not_exported));
    scrape.add_gauge("present_trace_sampled_ratio",
                     "Share of new traces that are recorded.", now.share);
  });
}

} // namespace present::observe
