#pragma once

#include "actors/client/client_contract.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <map>
#include <memory>
#include <unordered_map>
#include <variant>
#include <vector>

namespace present::client {

/// Where attempts go: to the network, or in simulation to a simulated one.
/// Thread-safe. Each attempt is answered once, in an `attempts_answered` or by
/// `attempt_failed`, each map fetch with one `map_fetched`.
class client_route {
public:
  virtual ~client_route() = default;
  virtual void send(const send_attempt& what, const client_actor& from) = 0;
  /// The same as one after the other, at less cost.
  virtual void send_all(std::vector<send_attempt> what, const client_actor& from) {
    for (const auto& one : what)
      send(one, from);
  }
  virtual void fetch_map(node_id from, const client_actor& asker) = 0;
};

/// The shell around `client_machine`.
class client_shell final : public supervision::measured_actor<client_actor> {
public:
  client_shell(caf::actor_config& config, const settings& options,
               std::shared_ptr<client_route> route);

  /// Lets go of the network: it holds us while a call is under way, and must not
  /// be ended by its own thread when that drops the last of us. And of those who
  /// still wait for an answer, who hear of it: a promise holds us too.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using promise = caf::typed_response_promise<outcome_of_call>;
  using batch_promise = caf::typed_response_promise<batch_outcome>;

  /// One batch until the last of its calls is completed.
  struct open_batch {
    batch_outcome how;
    std::size_t open = 0;
    batch_promise asker;                ///< one of the two
    std::shared_ptr<batch_listener> to;
  };
  struct batch_place {
    std::shared_ptr<open_batch> batch;
    std::size_t place = 0;
  };
  struct part_tickets {
    parts_listener to;
    std::uint64_t ticket = 0;
    std::vector<std::uint64_t> more; ///< of those that went with it
  };
  using caller = std::variant<promise, batch_place, part_tickets>;
  using end_promise = caf::typed_response_promise<session_over>;

  promise begin(timed_call what);
  batch_promise begin(batch_call what);
  void begin(batch_call what, std::shared_ptr<open_batch> batch);
  void begin(ask_parts what);
  end_promise end_session(end_session_request what);
  static void complete_place(batch_place& one, outcome_of_call how);
  static void finish(open_batch& batch);
  void step(event_kind what);
  void end_turn();
  void perform(send_attempt& what);
  void perform(const fetch_map& what);
  void perform(complete& what);
  void perform(const session_ended&);

  client_machine machine_;
  std::shared_ptr<client_route> route_;
  std::unordered_map<call_id, caller> callers_;
  call_id last_call_ = 0;
  // What one turn comes to, until it ends.
  std::vector<send_attempt> attempts_;
  std::map<parts_listener, parts_answered> told_;
  std::vector<end_promise> enders_; ///< who wait for the session's end
  bool has_ended_ = false;
  supervision::wake_timer<client_wake> timer_;
};

} // namespace present::client
