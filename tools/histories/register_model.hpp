#pragma once

#include "tools/histories/operation.hpp"
#include "tools/histories/sequential_model.hpp"

#include <cstdint>
#include <vector>

namespace present::histories {

/// A register: get, put, compare-and-set, delete.
///
/// Values are numbers here; 0 is "nothing there". A value that nobody saw is as
/// good as any other such value, so they all are one: that makes their writes alike.
/// A value that was seen and that only one operation wrote was written before the
/// first of its readers returned, whatever that operation's own outcome: so most
/// writes of unknown outcome get an end, or are one of a crowd that is alike.
///
/// A state is left only when nobody is still to see it, or it can be written again;
/// and it is made only when nobody must come between it and the last who saw it. With
/// that, histories without compare-and-set in which each value is written once take
/// no search (they are easy: Gibbons and Korach, "Testing Shared Memories", 1997).
class register_model final : public sequential_model {
public:
  /// Of one key. Only `get`, `put` and `cas`. `initial`: what is there before.
  explicit register_model(const std::vector<operation>& history,
                          const std::optional<std::string>& initial = {});

  const std::vector<step>& steps() const override { return steps_; }
  bool allows(std::size_t place) const override;
  bool is_free(std::size_t place) const override;
  bool overwrites(std::size_t place) const override {
    return deeds_[place].what == deed::is::write;
  }
  std::uint64_t stays_until(std::size_t place) const override;
  bool goes_with(std::size_t place, std::size_t other) const override;
  void apply(std::size_t place) override;
  void undo(std::size_t place) override;
  std::uint64_t state() const override { return state_; }

private:
  using value_number = std::uint32_t;
  static constexpr value_number nothing = 0;
  static constexpr value_number unseen = 1;

  /// A step's part in the life of values. A `get` and a `cas` that found something
  /// else need a state and make none; a `put` makes one and needs none.
  struct deed {
    enum class is : std::uint8_t { read, mismatch, write, swap } what = is::read;
    value_number needs = nothing; ///< read, swap: is there; mismatch: isn't
    value_number makes = nothing; ///< write, swap
  };
  struct life {
    std::uint32_t writers = 0;   ///< steps still to come that make it
    std::uint32_t observers = 0; ///< still to come, and surely saw it
    std::uint64_t last_seen = 0; ///< the last call of an observer
  };

  class value_names;
  void add_step(const operation& one, std::size_t place, value_names& names);
  void merge_unseen();
  void count_lives();
  void tighten();
  void number_alike();
  bool is_observer(std::size_t place) const;
  bool makes_state(std::size_t place) const;

  std::vector<step> steps_;
  std::vector<deed> deeds_; ///< by place
  std::vector<life> lives_; ///< by value
  value_number state_ = nothing;
  std::vector<value_number> earlier_; ///< states, to go back to
};

} // namespace present::histories
