#pragma once

#include "actors/journal/journal_contract.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <memory>
#include <vector>

namespace present {

/// The shell around `storage::journal_store`. Group commit without a timer: the
/// first write sends `journal_commit` to the journal itself, which comes behind
/// everything that was in the mailbox by then; that is what one commit carries.
class journal_shell final : public supervision::measured_actor<journal_actor> {
public:
  journal_shell(caf::actor_config& config, std::shared_ptr<storage::journal_store> store);

protected:
  void on_exit() override { store_.reset(); }
  behavior_type make_behavior() override;

private:
  void on_append(journal_append& what);
  void on_commit();
  journal_recovered on_recover(const journal_recover& what);
  journal_left on_leave(const journal_leave& what);
  static journal_done done_with(status how);
  [[noreturn]] static void end_because_of(const error& why);

  std::shared_ptr<storage::journal_store> store_;
  std::vector<storage::journal_write> gathered_;
  std::vector<journal_listener> waiting_; ///< by place in `gathered_`
};

} // namespace present
