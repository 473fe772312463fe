#pragma once

#include "actors/client/client_call.hpp"
#include "actors/client/pacing.hpp"
#include "actors/watch/watch_token.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A client's watch over all partitions that have its keys: asks each of them, over and
/// over, from where its last answer ended; whichever node leads it by then.
///
///             no such space, token doesn't fit            compacted, refused for good
///              ┌────────────────────────────▶ ended ◀────────────────────────────┐
///   finding ───┤ map                                                              │
///              └──▶ placing ── each partition has told its place ──▶ following ───┘
///
///   of each partition:   asking ── changes ──▶ delivered ── taken ──▶ asking
///                        ▲   │ └── none: asks again
///                        └───┘ not to be had just now: after a pause
///
/// Invariants
/// S1  What is delivered of a partition follows its log without a gap and nothing twice;
///     so do the changes of each key, which are one partition's.
/// S2  A partition is asked again only when what it told has been taken: whoever is slow
///     is told less at once, and, beyond what partitions keep, to list again.
/// S3  The token of an event goes on behind it: in each partition behind what has been
///     delivered of it.
/// S4  After `ended` nothing comes.
///
/// Between partitions there is no order. Pure; not thread-safe.
namespace present::client {

struct watch_options {
  std::string space;
  std::string key; ///< or what the keys begin with
  bool is_prefix = false;
  /// A token of an earlier event of the same watch; or only `above`: all later than that
  /// version; neither: from now on.
  watch_token from;
};

/// What the user of a watch is told.
struct watch_event {
  enum class kind : std::uint8_t {
    started,  ///< from here on; list now, and nothing is missed
    changed,
    removed,
    progress, ///< nothing has changed for a while; a later place to go on from
    ended,    ///< `why`: `too_old` is "compacted": list again
  };
  kind is = kind::changed;
  std::string key;
  hlc_stamp version;
  bytes_ptr value; ///< changed; null is the empty value
  watch_token token;
  error why;
};

std::string_view to_string(watch_event::kind what);

namespace watch_stream {

struct settings {
  watch_options what;
  std::uint64_t seed = 0;
  std::uint32_t wait_ms = 5'000; ///< of one question
};

// -- what it hears -------------------------------------------------------------------

struct begun {};
struct map_known {
  cluster_map_ptr map;
};
struct map_failed {
  error why;
};
struct answered {
  partition_id partition;
  outcome_of_call how;
};
/// What was delivered of it.
struct taken {
  partition_id partition;
};
struct time_passed {};
using event_kind = std::variant<begun, map_known, map_failed, answered, taken, time_passed>;
struct event {
  time_ms now = 0;
  event_kind what;
};

// -- what it asks for ----------------------------------------------------------------

/// Followed by `map_known` or `map_failed`.
struct ask_map {};
/// Followed by `answered`.
struct ask_partition {
  watch_call what;
  std::uint32_t deadline_ms = 0;
};
/// Followed by `taken`.
struct deliver {
  partition_id partition; ///< root: of no partition
  std::vector<watch_event> events;
};
using effect = std::variant<ask_map, ask_partition, deliver>;
using effects = std::vector<effect>;

class machine {
public:
  explicit machine(const settings& options);

  void step(const event& input, effects& out);
  std::optional<time_ms> next_wake() const;
  bool has_ended() const { return phase_ == phase::ended; }

private:
  enum class phase : std::uint8_t { finding, placing, following, ended };
  enum class lane_phase : std::uint8_t { idle, asking, paused, delivered };
  struct lane {
    lane_phase is = lane_phase::idle;
    std::uint32_t failures = 0;
    time_ms again_at = 0;
  };

  void on(const event& input, const begun& what, effects& out);
  void on(const event& input, const map_known& what, effects& out);
  void on(const event& input, const map_failed& what, effects& out);
  void on(const event& input, const answered& what, effects& out);
  void on(const event& input, const taken& what, effects& out);
  void on(const event& input, const time_passed& what, effects& out);

  void become_placing(const cluster_map& map, effects& out);
  void become_following(effects& out);
  void become_ended(error why, effects& out);
  void on_page(partition_id from, lane& of, const watched_page& page, effects& out);
  void on_failure(const event& input, lane& of, error why, effects& out);
  std::optional<error> misfit_of_token() const;
  void ask(partition_id partition, lane& of, effects& out);
  bool has_places() const;

  const settings options_;
  pacing pacing_;
  phase phase_ = phase::finding;
  std::map<partition_id, lane> lanes_;
  watch_token token_;
  std::optional<time_ms> map_again_at_;
  std::uint32_t map_failures_ = 0;
};

} // namespace watch_stream
} // namespace present::client
