#pragma once

#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/observe/sampler.hpp"
#include "runtime/observe/span.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <vector>

namespace present::observe {

class metrics;
class tracer;

/// A span that has begun; it is recorded when it goes. One that isn't sampled
/// holds nothing but the context, and costs nothing. One thread at a time.
class active_span {
public:
  active_span() = default;
  /// Records nothing, and passes `context` on.
  explicit active_span(const trace_context& context) { what_.self = context; }
  active_span(active_span&& other) noexcept;
  active_span& operator=(active_span&& other) noexcept;
  ~active_span() { finish(); }

  /// For what is called on behalf of this span.
  const trace_context& context() const { return what_.self; }
  bool is_recorded() const { return to_ != nullptr; }

  void set(std::string_view key, std::string_view value);
  void fail(error_code code);
  void depends_on(hlc_stamp cause);
  void in_epoch(std::uint64_t constitution, map_epoch map);

  void finish();
  /// For work whose times are known only afterwards, by the tracer's clock.
  void began_at(std::uint64_t monotonic_ns);
  void finish_at(std::uint64_t monotonic_ns);

private:
  friend class tracer;

  tracer* to_ = nullptr;
  span what_;
};

/// Begins spans, decides which traces are sampled, and keeps the latest finished
/// spans of this node: the hot end of the traces. Thread-safe. It must outlive
/// its spans.
class tracer {
public:
  struct settings {
    node_id node;
    std::uint32_t traces_per_second = 20;
    /// Finished spans kept, and waiting for export (0: nobody takes them); the oldest
    /// go first. At most about 10 KB each, mostly some hundred bytes.
    std::size_t spans_kept = 16'384;
    std::size_t spans_exported = 4096;
  };

  tracer(settings chosen, const edge::clock& clock, edge::entropy& entropy);

  /// A span within the trace of `parent`, or one that begins a new trace if
  /// `parent` is none. A caller's decision to sample is kept.
  active_span start(std::string_view name, const trace_context& parent = {});

  /// The same for what comes in from outside: of callers who don't care whether they
  /// are sampled (most don't) some are, under the trace's id that they gave.
  active_span start_at_door(std::string_view name, trace_context parent);

  /// This node's latest spans of a trace, by start time; empty if it has none. At most
  /// `max_trace_spans`.
  std::vector<span> find(std::uint64_t trace_high,
                         std::uint64_t trace_low) const;

  /// Spans finished since the last call, for `encode_otlp` and for storage.
  std::vector<span> take_for_export();

  struct figures {
    std::uint64_t recorded = 0;
    std::uint64_t not_exported = 0; ///< gone before somebody took them
    double share = 1;               ///< of new traces that are sampled
  };
  figures read_figures() const;

private:
  friend class active_span;

  void record(span&& finished);
  std::uint64_t next_id();
  bool is_sampled(const trace_context& begun);

  const settings settings_;
  const edge::clock& clock_;
  /// Ids need to differ, not to be secret: one seed, then a counter, mixed.
  std::atomic<std::uint64_t> id_state_;

  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  sampler sampler_;
  std::deque<span> kept_;
  std::deque<span> to_export_;
  std::uint64_t recorded_ = 0;
  std::uint64_t not_exported_ = 0;
};

/// Adds `present_trace_spans_total`, `present_trace_spans_lost_total` and
/// `present_trace_sampled_ratio` to each scrape. `of` must outlive `to`.
void add_trace_metrics(metrics& to, const tracer& of);

} // namespace present::observe
