#pragma once

#include <cstdint>

namespace present::client {

/// Whether a node that owes us answers still lives. Slow answers are no silence: when
/// none came for a while the node is asked for a sign, which its network thread
/// gives at once, and only if that doesn't come either is it silent. Pure; not
/// thread-safe.
///
///            owed                  a tick without a sign: ask for one
///   at rest ──────▶ listening ──────────────────────────────────────▶ asking
///      ▲  nothing    │    ▲                                             │
///      └──is owed────┘    └────────────────── heard ────────────────────┤
///                         ▲                          a third such tick  │
///                         └───── heard ────── silent ◀──────────────────┘
///
/// W1  Silent after `ticks_to_silence` ticks in a row without any sign, though one was
///     asked for after the first of them. Ticks, not time: whoever stood still himself
///     finds one tick gone, and reads what has arrived before the next.
/// W2  Nothing ticks while nothing is owed.
class silence_watch {
public:
  static constexpr std::uint32_t tick_ms = 100;
  /// Noticed within 400 ms, as the node's own peers notice it: a shorter time would
  /// find nobody who leads in its place, a longer one makes its clients the last to go.
  static constexpr std::uint32_t ticks_to_silence = 3;

  enum class order : std::uint8_t {
    listen,       ///< tick again
    ask_for_sign, ///< and tick again
    give_up,      ///< it has fallen silent
    rest,         ///< no more ticks
  };

  /// An answer is owed from now on; true: begin to tick.
  bool on_owed();
  /// Anything came from the node; true: it was silent.
  bool on_heard();
  order on_tick(bool is_owed);

  bool is_silent() const { return phase_ == phase::silent; }

private:
  enum class phase : std::uint8_t { at_rest, listening, asking, silent };
  phase phase_ = phase::at_rest;
  bool heard_ = false; ///< since the last tick
  std::uint32_t missed_ = 0;
};

} // namespace present::client
