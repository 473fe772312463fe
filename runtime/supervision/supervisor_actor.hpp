#pragma once

#include "runtime/supervision/child_record.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/restart_machine.hpp"
#include "runtime/supervision/spawn_settings.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace present::supervision {

/// The shell around `restart_machine`: carries out what the machine asks for, and
/// tells it what became of the children. Mail: supervisor_contract.hpp.
class supervisor_actor : public measured_actor<supervisor_handle> {
public:
  using super = measured_actor<supervisor_handle>;

  supervisor_actor(caf::actor_config& config, supervisor_spec spec,
                   spawn_settings settings);

  const char* name() const override { return "supervisor"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;
  void answer(const describe_request& request,
              caf::response_promise promise) override;

private:
  using start_promise = caf::typed_response_promise<start_child_answer>;
  using stop_promise = caf::typed_response_promise<stop_child_answer>;

  struct child {
    child_spec spec;
    std::shared_ptr<child_record> record;
    std::shared_ptr<address_slot> slot;
    std::shared_ptr<actor_meter> meter;
    caf::strong_actor_ptr actor; ///< null unless alive
    std::uint64_t incarnation = 0;
    std::optional<start_promise> start_answer;
    std::vector<stop_promise> stop_answers;
  };

  void add(child_spec spec);
  void step(restart::event_kind what);
  void set_alarm();
  std::uint64_t wall_ms() const { return settings_.clock->wall_ms(); }

  // One per effect of the machine.
  void perform(const restart::start& effect);
  void perform(const restart::stop& effect);
  void perform(const restart::kill& effect);
  void perform(const restart::abandon& effect);
  void perform(const restart::forget& effect);
  void perform(const restart::stopped& effect);
  void perform(const restart::escalate& effect);

  void on_down(const caf::down_msg& message);
  void on_initialised(const child_initialised& message);
  void answer_if_idle(const std::string& id);
  void let_go(child& who, stop_reason reason, const std::string& text);
  birth_certificate certify(child& who);
  void send_exit_to(const child& who, caf::exit_reason reason, bool urgent);
  start_promise on_start_child(start_child message);
  stop_promise on_stop_child(const stop_child& message);

  supervisor_spec spec_;
  spawn_settings settings_;
  restart_machine machine_;
  std::map<std::string, child> children_;
  std::unordered_map<caf::actor_id, std::string> by_actor_;
  std::optional<time_ms> alarm_;
  /// Starts that failed while effects were carried out: told to the machine
  /// afterwards, since `step` isn't to be entered twice.
  std::vector<restart::event_kind> later_;
  bool stepping_ = false;
};

/// A supervisor as a child of another. Its children decide how long it may take
/// to stop, so it is waited for.
child_spec as_child(supervisor_spec spec,
                    restart_kind restart = restart_kind::permanent);

} // namespace present::supervision
