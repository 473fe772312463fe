#pragma once

#include "actors/partition/lock_book.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

/// Where a leader finds out which claims nobody keeps alive: in its memory, by its own
/// monotonic clock. Followers have nothing in theirs, so a keep-alive costs no entry in
/// the log (P14).
///
///      begun ──▶ alive ──lease passes──▶ due ──`expire_claims` applied──▶ gone
///                 ▲  │ keep
///                 └──┘
///
/// Invariants
/// C1  Who begins to lead gives every claim its full lease first: it can't know what
///     the leader before it has heard.
/// C2  A lease lasts at least as long as its holder believes, whoever leads: a holder
///     counts from when it sent what was answered, a leader from when that arrived,
///     and it is answered only once a majority has confirmed that it led then (P15).
/// C3  A claim that is due is kept alive no more: that is in the log by now, or soon. What
///     is granted to it meanwhile was logged before that, and begins its lease anew: a
///     leader logs expiry only when it has nothing else on its way.
/// C4  A leader that stood still charges that to nobody: if it comes to look later
///     than `stall_ms` after a lease has passed, all leases begin anew.
///
/// Pure; not thread-safe.
namespace present::partition {

class lease_clock {
public:
  static constexpr time_ms stall_ms = 500;
  /// In one entry: a name has up to 404 bytes, so about 400 KiB.
  static constexpr std::size_t max_expired = 1000;

  /// Leads from now on (C1).
  void begin(const lock_book& book, time_ms now);
  /// Leads no more.
  void end();

  /// The book has changed like this.
  void on_change(const lock_book::change& what, const lock_book& book, time_ms now);

  /// A keep-alive that came at `arrived`. False: it comes too late (C3).
  bool keep(const claim_name& claim, std::uint32_t lease_ms, time_ms arrived);

  /// Looks which leases have passed.
  void advance(const lock_book& book, time_ms now);
  /// When there is something to look at next.
  std::optional<time_ms> next_look() const;

  bool has_due() const { return !due_.empty(); }
  /// What is to be logged now.
  expire_claims due() const;

private:
  void start(const claim_name& claim, time_ms until);
  void stop(const claim_name& claim);

  bool leads_ = false;
  std::map<claim_name, time_ms> until_; ///< of those alive
  std::set<std::pair<time_ms, claim_name>> order_;
  std::set<claim_name> due_;
};

} // namespace present::partition
