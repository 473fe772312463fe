#pragma once

#include "tests/simulation/cluster/transaction_history.hpp"
#include "tests/simulation/cluster/transaction_source.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Transactions on lists, and on what else is about five places, each with a list, an
/// account and a link, that lie on several partitions:
///
///   lists      appends to some lists and reads others, some of them by ranges, so that a
///              list that isn't there is read, too (phantoms)
///   skew       reads some lists, and appends to one if none of them has changed since:
///              unless that is checked, two of these are a write skew (P12)
///   guard      the same, but compares them instead, and reads them once more if one has
///              changed: the branch that was taken is the one that had to be
///   transfer   moves an amount between two accounts without reading them; whoever reads
///              all accounts finds a sum of 0
///   rotation   follows three links of the ring that the five are, and changes their
///              order, if they are as they were read; whoever reads all finds one ring
///   look       reads everything
///
/// Lists together must be strictly serializable (`transaction_history`); sum and ring are
/// looked at whenever they are read.
///
///            ┌─ reading ─answered: the other half─▶ writing ─┐
///   begin ───┤            └─ refused, lost ──────────────────┼─▶ over
///            └─ (all but skew, guard and rotation) ─▶ writing ──────┘
namespace present::simulation::cluster {

class transaction_workload final : public transaction_source {
public:
  transaction_workload(witness& oracle, seeded_random& random)
      : oracle_(oracle), random_(random), history_(oracle) {}

  std::vector<create_space> spaces() const override;
  asked begin(std::uint32_t client, std::uint64_t now) override;
  asked look(std::uint32_t client, std::uint64_t now) override;
  std::optional<client::transact_call> answered(ticket id, const client::outcome_of_call& how,
                                                std::uint64_t now) override;
  void lost(ticket id) override { open_.erase(id); }

  std::uint64_t open() const override { return open_.size(); }
  std::uint64_t committed() const override { return committed_; }
  void judge() const override { history_.judge(); }

private:
  /// What is asked when it has read what it needs.
  enum class second_half : std::uint8_t { none, append, compare, reorder };
  struct attempt {
    second_half next = second_half::none; ///< while it reads; none: it is all under way
    std::optional<transaction_history::ticket> recorded;
    std::vector<step> steps; ///< that are under way
    element_step append;     ///< skew, guard
    std::vector<seen_key> compared; ///< guard, in its second half
    /// What it does if the comparisons fail: of the two one takes effect.
    std::optional<transaction_history::ticket> otherwise;
  };

  asked begin_lists(std::uint32_t client, std::uint64_t now);
  asked begin_skew(std::uint32_t client, std::uint64_t now, second_half next);
  asked begin_transfer();
  asked begin_rotation();
  asked open(attempt what);

  /// What one answer shows of the space: its keys that were read, and what they had.
  struct sight;
  void look_at(const attempt& what, const sight& seen);
  void check_sum(const sight& seen);
  void check_ring(const sight& seen);
  void ended(const attempt& what, bool is_done, bool otherwise, std::uint64_t now);
  void check_branch(const attempt& what, const sight& seen);
  transact append_if_unchanged(const attempt& what, const sight& seen);
  transact append_if_equal(attempt& what, const sight& seen, std::uint64_t now);
  std::optional<transact> change_order(const sight& seen);

  witness& oracle_;
  seeded_random& random_;
  transaction_history history_;
  std::map<ticket, attempt> open_;
  ticket last_ticket_ = 0;
  std::int64_t appended_ = 0;
  std::uint64_t committed_ = 0;
};

} // namespace present::simulation::cluster
