#pragma once

#include "actors/gate/gate_contract.hpp"
#include "runtime/supervision/supervisor_contract.hpp"

namespace present {

class gate_shell final : public supervision::measured_actor<gate_actor> {
public:
  gate_shell(caf::actor_config& config,
             std::shared_ptr<supervision::address_book> addresses);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override { sessions_ = {}; }

protected:
  behavior_type make_behavior() override;

private:
  void on_open(open_session& what);

  const std::shared_ptr<supervision::address_book> addresses_;
  supervision::address<supervision::supervisor_handle> sessions_;
};

} // namespace present
