#pragma once

#include "tools/histories/operation.hpp"
#include "tools/histories/sequential_model.hpp"

#include <map>
#include <vector>

namespace present::histories {

/// A counter: add, read.
///
/// If amounts are never negative the total never falls, and a total that somebody is
/// still to see must not be passed by.
class counter_model final : public sequential_model {
public:
  /// Of one key. Only `add_amount` and `read_total`.
  explicit counter_model(const std::vector<operation>& history);

  const std::vector<step>& steps() const override { return steps_; }
  bool allows(std::size_t place) const override;
  bool is_free(std::size_t place) const override { return !deeds_[place].adds; }
  void apply(std::size_t place) override;
  void undo(std::size_t place) override;
  std::uint64_t state() const override { return static_cast<std::uint64_t>(total_); }

private:
  struct deed {
    bool adds = false;
    std::int64_t amount = 0;
    std::optional<std::int64_t> needs; ///< the total before it
  };

  bool passes_by_none(std::size_t place) const;

  std::vector<step> steps_;
  std::vector<deed> deeds_; ///< by place
  bool only_rises_ = true;
  std::map<std::int64_t, std::size_t> needed_; ///< totals, by how many still to come
  std::int64_t total_ = 0;
};

} // namespace present::histories
