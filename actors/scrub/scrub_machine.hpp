#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// When which part of what this node keeps is read back, and what follows from what
/// is found (P24). Pure: the reading itself is the disk's threads'.
///
///   began ─▶ ┌───────┐ sound        ┌─────┐ to its end      ┌───────┐
///            │ first │────verdict──▶│ log │────────────────▶│ state │──┐
///            └───────┘              └─────┘                 └───────┘  │
///      all at once, before              ▲   a step at a time, then     │
///      the replica may lead             └───a pause──verdict: sound────┘
///
///   damage anywhere ─▶ verdict, and nothing more until the replica begins anew
///
/// Invariants
/// S1  One step is under way at a time, over all partitions: they share a disk.
/// S2  A first pass waits for nobody but another first pass.
/// S3  Between two steps of the other passes there is `step_pause_ms`, and between
///     two passes over one partition `pass_pause_ms`.
/// S4  A replica that has begun anew hears nothing of what was read before.
namespace present::scrub {

struct settings {
  /// Rows are read at about half a microsecond each, so a step keeps checkpoints
  /// waiting for a millisecond and costs a third of a per cent of a core.
  std::size_t rows_a_step = 2'000;
  std::size_t log_bytes_a_step = 1 * bounds::mib;
  time_ms step_pause_ms = 400;
  time_ms pass_pause_ms = 10 * 60 * 1000;
};

// -- what the machine hears --------------------------------------------------------

/// A replica has opened its state. Checked: it was read back just now.
struct began {
  partition_id partition;
  bool checked = false;
};
/// A replica has closed its state, or ended.
struct ended {
  partition_id partition;
};
/// Answers `read_state`.
struct state_read {
  partition_id partition;
  std::uint64_t life = 0;
  std::uint64_t rows = 0;
  bool complete = false;
  bool gone = false; ///< it was closed meanwhile
  /// What is wrong with what was read; empty: nothing.
  std::string damage;
};
/// Answers `read_log`. `next` 0: the end was reached.
struct log_read {
  partition_id partition;
  std::uint64_t life = 0;
  log_index next;
  std::string damage;
};
struct time_passed {};

using event_kind = std::variant<began, ended, state_read, log_read, time_passed>;

struct event {
  time_ms now = 0;
  event_kind what;
};

// -- what the machine asks for -----------------------------------------------------

struct read_state {
  partition_id partition;
  std::uint64_t life = 0;
  std::size_t max_rows = 0;
};
struct read_log {
  partition_id partition;
  std::uint64_t life = 0;
  log_index from; ///< 0: from the beginning
  std::size_t max_bytes = 0;
};
enum class finding : std::uint8_t { sound, damaged_state, damaged_log };
/// To the replica. `sound` after each pass over its state.
struct verdict {
  partition_id partition;
  finding what = finding::sound;
  std::string why;
};

using effect = std::variant<read_state, read_log, verdict>;
using effects = std::vector<effect>;

// -- the machine -------------------------------------------------------------------

/// Not thread-safe. Costs: a look at each partition a step.
class scrub_machine {
public:
  explicit scrub_machine(const settings& options) : options_(options) {}

  effects step(const event& input);

  /// When `time_passed` is wanted next; nothing while a step is under way, or while
  /// there is nothing to read.
  std::optional<time_ms> next_wake() const;

  std::uint64_t rows_read() const { return rows_read_; }
  std::uint64_t passes() const { return passes_; }
  std::uint64_t damage_found() const { return damage_found_; }

private:
  enum class pass : std::uint8_t { first, log, state };
  struct task {
    std::uint64_t life = 0;
    pass what = pass::first;
    time_ms due = 0;
    log_index log_from;
  };

  void on(const began& event);
  void on(const ended& event);
  void on(const state_read& event);
  void on(const log_read& event);
  void on(const time_passed&) {}

  task* find(partition_id partition, std::uint64_t life);
  void give_up(partition_id partition, finding what, const std::string& why);
  void begin_next_step();
  time_ms due_of(const task& item) const;

  const settings options_;
  std::map<partition_id, task> tasks_;
  bool under_way_ = false;
  time_ms quiet_until_ = 0; ///< S3
  std::uint64_t last_life_ = 0;

  std::uint64_t rows_read_ = 0;
  std::uint64_t passes_ = 0;
  std::uint64_t damage_found_ = 0;

  time_ms now_ = 0;
  effects out_;
};

} // namespace present::scrub
