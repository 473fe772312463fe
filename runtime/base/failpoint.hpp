#pragma once

#include <atomic>
#include <string_view>

/// Named points at which a test ends the process, or an actor: between two deeds that only
/// a crash can part (FAULTS 3, 16). Which there are says whoever reaches them; a step of a
/// transaction is passed as `prepare.asked`, say (`actors/transaction/marks.hpp`).
///
/// Nobody listens in production, and a point costs a load. Thread-safe.
namespace present::failpoints {

class listener {
public:
  virtual ~listener() = default;
  /// May not return, by ending the process; or throw, to end the actor.
  virtual void on_reached(std::string_view name) = 0;
};

inline std::atomic<listener*> listening{nullptr};

inline bool are_armed() {
  return listening.load(std::memory_order_relaxed) != nullptr;
}

inline void reach(std::string_view name) {
  if (auto* who = listening.load(std::memory_order_acquire))
    who->on_reached(name);
}

} // namespace present::failpoints
