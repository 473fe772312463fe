#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// One try to hold a lock, from the wish to the end of it: what its holder does.
///
///             ok, waits                    its turn
///   asking ─────────────▶ waiting ────────────────────┐ every third of the lease it
///     │ │  ◀─lost its place─┘ │ patience over         │ says that it is still there
///     │ └──────ok, token──────┼──────────────▶ guarding ──all fences raised──▶ holding
///     │ no                    ▼                   │ fenced                     │   │
///     └────────────────▶ refused ◀────────────────┘        let_go ◀────────────┘   │
///                                                             │      lease over, or
///                                                        letting go    fenced ▼
///                                                             └──▶ ended     lost
///
/// Invariants
/// H1  It holds only while its lease lasts, counted from when that was asked for which
///     the lease was given: the partition counts from later (C2 of lease_clock.hpp).
///     Whatever the network does, `lost` comes when the lease is over by this clock.
/// H2  `granted` comes once, when every guarded partition knows the token (P14), and
///     before `lost`; after `lost`, `refused` or `ended` nothing comes.
/// H3  A claim that may be in the lock's queue is taken out of it when the wish ends; if
///     that can't be said, its lease does it.
/// H4  At most one question about the claim is under way; besides it, the fences.
///
/// Pure; not thread-safe.
namespace present::client {

/// A key whose partition is to refuse older tokens before the lock counts as held.
struct guarded_key {
  std::string space;
  std::string key;
};

struct lock_wish {
  std::string space;
  std::string key;
  claim_id claim; ///< drawn for this
  std::uint32_t lease_ms = 10'000;
  std::uint32_t patience_ms = 0; ///< for a lock that another holds; 0: not at all
  std::string owner;
  bytes_ptr value; ///< what is published while it is held; null: nothing
  std::vector<guarded_key> guards;
};

// -- what it hears -----------------------------------------------------------------

struct wish_begins {};
/// Each `ask_call` ends with one.
struct call_ended {
  std::uint64_t number = 0;
  outcome_of_call how;
};
struct let_go {};
struct lock_time_passed {};

using lock_event_kind = std::variant<wish_begins, call_ended, let_go, lock_time_passed>;
struct lock_event {
  time_ms now = 0;
  lock_event_kind what;
};

// -- what it asks for --------------------------------------------------------------

struct ask_call {
  std::uint64_t number = 0;
  call_kind what;
  std::uint32_t deadline_ms = 0;
};
struct lock_granted {
  hlc_stamp token;
};
struct lock_refused {
  error why;
};
struct lock_lost {
  error why;
};
struct lock_ended {};

using lock_effect = std::variant<ask_call, lock_granted, lock_refused, lock_lost, lock_ended>;
using lock_effects = std::vector<lock_effect>;

class lock_machine {
public:
  explicit lock_machine(lock_wish wish) : wish_(std::move(wish)) {}

  void step(const lock_event& input, lock_effects& out);

  /// When `lock_time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  bool is_holding() const { return phase_ == phase::holding; }
  /// The claim is being given back, also after the wish is over (H3).
  bool is_releasing() const { return releasing_ != 0; }
  hlc_stamp token() const { return token_; }
  const lock_wish& wish() const { return wish_; }

private:
  enum class phase : std::uint8_t { idle, asking, waiting, guarding, holding, letting_go, over };

  // on_<event>
  void on_begin(time_ms now, lock_effects& out);
  void on_ended(time_ms now, const call_ended& what, lock_effects& out);
  void on_let_go(time_ms now, lock_effects& out);
  void on_time_passed(time_ms now, lock_effects& out);
  void on_asked(time_ms now, const outcome_of_call& how, lock_effects& out);
  void on_waited(time_ms now, const outcome_of_call& how, lock_effects& out);
  void on_kept(time_ms now, const outcome_of_call& how, lock_effects& out);
  void on_raised(const outcome_of_call& how, lock_effects& out);

  // become_<phase>
  void become_asking(time_ms now, lock_effects& out);
  void become_waiting(time_ms now, lock_effects& out);
  void become_guarding(time_ms now, hlc_stamp token, lock_effects& out);
  void become_holding_if_guarded(lock_effects& out);
  void become_over(lock_effect how, bool leaves_claim, lock_effects& out);

  void ask_again_later(time_ms now) { again_at_ = now + pause_ms; }
  void ask_to_keep(time_ms now, lock_effects& out);
  void ask(time_ms now, call_kind what, time_ms patience, lock_effects& out);
  void ask_to_release(lock_effects& out);
  void lose(error why, bool leaves_claim, lock_effects& out);
  std::uint32_t third_of_lease() const { return wish_.lease_ms / 3; }

  /// Between two questions of which the first failed at once.
  static constexpr time_ms pause_ms = 50;
  /// A question about a lock is asked anew after so long: its retries are bounded too.
  static constexpr time_ms longest_call_ms = 60'000;
  static constexpr time_ms release_ms = 5'000;

  const lock_wish wish_;
  phase phase_ = phase::idle;
  time_ms patience_ends_ = 0;
  hlc_stamp token_;
  time_ms until_ = 0;     ///< its lease
  time_ms keep_at_ = 0;   ///< the next keep-alive
  std::optional<time_ms> again_at_; ///< asking, waiting: a pause
  std::uint64_t numbers_ = 0;
  std::uint64_t under_way_ = 0; ///< of the question about the claim; 0: none
  time_ms asked_at_ = 0;        ///< it
  std::uint64_t releasing_ = 0; ///< the question that gives it back; 0: none
  std::vector<std::uint64_t> raising_;
};

} // namespace present::client
