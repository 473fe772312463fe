#pragma once

#include "actors/partition/partition_machine.hpp"
#include "runtime/observe/tracer.hpp"

#include <unordered_map>

namespace present::partition {

/// The spans of the sampled requests of one replica (O1): what each waited for.
///
///   partition: arrived ───────────────────────────────────────────▶ response
///     gather ──logged──▶ commit ─────────────turn begins──▶ apply ──applied
///                        journal ──written──▶
///     confirm read ─────────────────────────────────────confirmed
///
/// `journal` is this node's own flush; the others' are in `commit`, until the turn in
/// which that was heard begins. Of requests that aren't sampled nothing is known here.
class request_traces {
public:
  /// A caller may say of each of its requests that it is sampled: no more than these
  /// are followed at a time.
  static constexpr std::size_t max_open = 64;

  explicit request_traces(observe::tracer* to) : to_(to) {}

  /// Whether there is anything to tell: else callers needn't read the clock.
  bool is_empty() const { return open_.empty(); }

  /// Returns whether it is traced: if it is sampled, and there is room.
  bool begin(request_tag tag, const observe::trace_context& parent, partition_id partition,
             const request& what);
  void on_stage(const stage_reached& what, std::uint64_t turn_began_ns);
  /// The journal was given a write, or has made it durable.
  void on_write_sent(std::uint64_t number) { last_write_ = number; }
  void on_written(std::uint64_t number);
  void end(request_tag tag, const response& given);

private:
  struct traced {
    observe::active_span whole;
    observe::active_span stage;
    observe::active_span journal;
    std::uint64_t write = 0; ///< the journal's, that its entry is in
  };

  observe::tracer* to_;
  std::unordered_map<request_tag, traced> open_;
  std::uint64_t last_write_ = 0;
  std::uint64_t last_written_ = 0;
};

} // namespace present::partition
