#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace present::histories {

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// An operation as the search sees it: when it may take effect.
struct step {
  std::size_t operation = 0; ///< its place in the history
  std::uint64_t called = 0;
  /// The latest time of its effect. `never`: it may as well have none.
  std::uint64_t returned = never;
  /// Steps with equal numbers have the same effect and the same answer, so that
  /// only the most urgent of those that overlap needs to be tried.
  std::uint32_t alike = 0;
};

/// One key as a sequential type: what its operations do if they come one after the
/// other. Holds the state after the steps applied so far; the search goes forth and
/// back in it. Steps are named by their place in `steps()`.
class sequential_model {
public:
  virtual ~sequential_model() = default;

  virtual const std::vector<step>& steps() const = 0;

  /// The step's answer is right if it comes next, and what it does makes the answer
  /// of no step that is still to come impossible.
  virtual bool allows(std::size_t place) const = 0;

  /// An allowed step can come next at no cost: each order of the rest that has it
  /// later would be as good with it now.
  virtual bool is_free(std::size_t place) const = 0;

  /// The step makes the same state whatever was there before.
  virtual bool overwrites(std::size_t /*place*/) const { return false; }
  /// Until this time the state that the step makes has to stay, for those who saw it
  /// and nothing else makes it again; 0: it may go at once.
  virtual std::uint64_t stays_until(std::size_t /*place*/) const { return 0; }
  /// The other step can come while that state stays.
  virtual bool goes_with(std::size_t /*place*/, std::size_t /*other*/) const { return true; }

  virtual void apply(std::size_t place) = 0;
  /// Takes back the step that was applied last.
  virtual void undo(std::size_t place) = 0;

  /// Two equal numbers for the same steps applied are two equal states.
  virtual std::uint64_t state() const = 0;
};

} // namespace present::histories
