#pragma once

#include "tools/histories/operation.hpp"
#include "tools/histories/sequential_model.hpp"

#include <cstdint>
#include <vector>

namespace present::histories {

/// A set that only grows: add, read all.
///
/// A member may come when every read that is still to come saw it, and then it may
/// come at once: adds change places freely. So there is never a choice. A member
/// that some read saw was added before that read returned, if only one operation
/// added it; one that no read saw need not be added where the outcome is unknown.
class set_model final : public sequential_model {
public:
  /// Of one key. Only `add_member` and `read_members`.
  explicit set_model(const std::vector<operation>& history);

  const std::vector<step>& steps() const override { return steps_; }
  bool allows(std::size_t place) const override;
  bool is_free(std::size_t) const override { return true; }
  void apply(std::size_t place) override;
  void undo(std::size_t place) override;
  /// Which steps are applied says it all.
  std::uint64_t state() const override { return 0; }

private:
  using member_number = std::uint32_t;

  struct deed {
    bool adds = false;
    member_number member = 0;
    std::vector<member_number> saw;
  };
  struct life {
    std::uint32_t added = 0;   ///< applied steps that add it
    std::uint32_t readers = 0; ///< reads still to come that saw it
  };

  class member_names;
  void add_step(const operation& one, std::size_t place, member_names& names);
  void end_unknown();

  std::vector<step> steps_;
  std::vector<deed> deeds_;  ///< by place
  std::vector<life> lives_;  ///< by member
  std::uint32_t readers_ = 0; ///< reads still to come
  std::size_t members_ = 0;   ///< there now
};

} // namespace present::histories
