#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace present::client {

/// When what gathers for one partition is sent to it. One call at a time: a second
/// one would only make both smaller, on the way, in the log and on the disks. Whom
/// the answers wake has more to send within moments, so those are waited for; one
/// alone is never kept waiting. Pure; not thread-safe.
///
///   idle ──called──▶ calling ──answered, of one operation──▶ idle
///    ▲                 ▲  │ answered, of several
///    │                 │  ▼
///    └──pause over── gathering ──as many came as are expected: may call
///
/// C1  Never two calls under way.
/// C2  Gathering adds at most an eighth of the last call's time.
/// C3  It ends at once when all came who can have been woken.
class call_pace {
public:
  /// Gather for so long, then `on_pause_over` with the ticket.
  struct pause {
    std::uint64_t microseconds = 0;
    std::uint64_t ticket = 0;
  };

  bool may_call(std::size_t gathered) const;
  void on_called();
  /// Those operations were answered after `took`; so many gathered meanwhile.
  std::optional<pause> on_answered(std::size_t operations, std::uint64_t took_microseconds,
                                   std::size_t gathered);
  void on_pause_over(std::uint64_t ticket);

private:
  enum class phase : std::uint8_t { idle, calling, gathering };
  phase phase_ = phase::idle;
  std::size_t expected_ = 0;  ///< while gathering: what ends it early
  std::uint64_t tickets_ = 0; ///< an earlier gathering's pause is known by it
};

} // namespace present::client
