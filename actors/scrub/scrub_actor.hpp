#pragma once

#include "actors/scrub/scrub_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <map>
#include <memory>

namespace present {

/// The shell around `scrub_machine`. States are read on the checkpointer's thread,
/// which writes them, and logs on the journal's. It holds states weakly, so that a
/// replica can close its own at any time.
class scrub_shell final : public supervision::measured_actor<scrub_actor> {
public:
  scrub_shell(caf::actor_config& config, const scrub::settings& options,
              std::shared_ptr<supervision::address_book> addresses);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  struct replica {
    std::weak_ptr<storage::state_backend> state;
    scrub_listener who;
  };

  void tell(scrub::event_kind what);
  void perform(const scrub::read_state& what);
  void perform(const scrub::read_log& what);
  void perform(const scrub::verdict& what);

  scrub::scrub_machine machine_;
  supervision::address<checkpoint_actor> checkpointer_;
  supervision::address<journal_actor> journal_;
  std::map<partition_id, replica> replicas_;
  supervision::wake_timer<scrub_wake> timer_;
};

} // namespace present
