#pragma once

#include "actors/client/client_call.hpp"
#include "tests/simulation/reference_state.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace present::simulation {

/// What the clients saw, checked as it happens against what the log means.
///
/// All operations of a partition stand in one log. They are linearizable if that
/// order is one of real time too: whoever begins after an answer has been received
/// sees at least what that answer saw. A write's answer stands at its index; what
/// was read must have been there, all of it at one moment, at an index that is not
/// before what had been seen when the read began.
///
/// A watch hears what the log has between two places: all of it, in order, and no more.
///
/// Besides: a call has its effect at most once (P4); what was said to be not
/// applied never is (P5); and an answer is the one that the log gives.
class history {
public:
  using call_number = std::uint64_t;

  explicit history(const reference_state& truth) : truth_(truth) {}

  call_number begin(client::call_kind what, std::uint64_t now_us);
  /// A try of the call leaves under this name.
  void tried(call_number call, const operation_id& id);
  /// The log has decided this operation.
  void decided(const operation_id& id);
  void completed(call_number call, space_id space, const client::outcome_of_call& how,
                 std::uint64_t now_us);

  std::uint64_t writes_acknowledged() const { return writes_; }
  std::uint64_t reads_answered() const { return reads_; }
  std::uint64_t unknown() const { return unknown_; }
  std::uint64_t changes_watched() const { return watched_; }

private:
  struct call {
    client::call_kind what;
    std::uint64_t began_us = 0;
    std::set<operation_id> names;
    unsigned effects = 0;
    bool denied = false; ///< its client was told that it isn't applied
  };

  log_index check_write(call_number id, const call& asked, const client::outcome_of_call& how);
  log_index check_get(call_number id, const call& asked, space_id space,
                      const client::outcome_of_call& how);
  log_index check_keep(call_number id, const call& asked, space_id space, const answer& given);
  log_index check_scan(call_number id, const call& asked, space_id space, const answer& given);
  void check_watch(call_number id, const call& asked, space_id space,
                   const client::outcome_of_call& how);
  void check_denied(call_number id, const call& asked) const;
  void saw(log_index index, std::uint64_t now_us);
  log_index seen_before(std::uint64_t began_us) const;

  const reference_state& truth_;
  std::vector<call> calls_;
  std::map<operation_id, call_number> names_;
  struct answer_received {
    std::uint64_t at_us;
    log_index highest;
  };
  std::vector<answer_received> answers_; // ascending in both
  std::uint64_t writes_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t watched_ = 0;
  std::uint64_t unknown_ = 0;
};

} // namespace present::simulation
