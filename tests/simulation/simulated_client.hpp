#pragma once

#include "actors/client/client_machine.hpp"
#include "storage/crdt/counters.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/schedule.hpp"
#include "tests/simulation/simulated_clock.hpp"
#include "tests/simulation/simulated_node.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace present::simulation {

/// Where a client's words go.
class client_surroundings {
public:
  virtual ~client_surroundings() = default;

  virtual void ask(const client_call& from, node_id to, std::shared_ptr<const request> what)
    = 0;
  virtual void fetch_map(std::uint32_t client, node_id from) = 0;
};

/// A user of the product's client: a few calls open at a time, on a few keys, some
/// with conditions; and around the machine what its actor and its links do, which
/// put operations for one node into one request.
class simulated_client {
public:
  static constexpr const char* space_name = "s";
  static constexpr space_id space{1};
  /// By a wrong map the same partition's, which must refuse to write there (P1).
  static constexpr const char* foreign_space_name = "elsewhere";
  static constexpr space_id foreign_space{5}; ///< ranges are in the order of spaces
  /// Where the last writer wins, by base and by stamp; and where CRDTs are kept.
  static constexpr const char* last_space_name = "last";
  static constexpr space_id last_space{3};
  static constexpr const char* joined_space_name = "joined";
  static constexpr space_id joined_space{4};

  simulated_client(std::uint32_t number, schedule& time, history& seen,
                   client_surroundings& outside);

  /// Of its present session.
  client_id id() const { return {1000 + number_ + 1000 * sessions_}; }

  /// Begins to call, until it is stopped.
  void start();
  void stop() { calling_ = false; }
  /// One call more, whether stopped or not.
  void call_once(client::call_kind what, std::uint32_t deadline_ms);
  client::call_kind put_of(const std::string& key);
  client::call_kind transaction_of(const std::string& key);
  client::call_kind lock_call();
  client::call_kind contested_call();
  client::call_kind delta_call();
  bytes_ptr next_delta();
  static space_id space_named(const client::call_kind& what);

  void hear(client::event_kind what);
  void take_reply(std::uint64_t number, const response& what);
  /// The connection went, or was refused.
  void lose(std::uint64_t number, bool never_sent);
  /// Those of its requests that are with this node.
  std::vector<std::uint64_t> under_way_at(node_id node) const;

  simulated_clock clock;

private:
  struct open_call {
    history::call_number number = 0;
    client::call_kind what;
  };
  struct sent_request {
    node_id to;
    std::vector<std::uint64_t> attempts;
  };

  void next_call();
  void watch_on(watch_position from);
  client::call_kind choose_call();
  condition choose_condition(const std::string& key);
  void perform(client::send_attempt& what);
  void perform(client::fetch_map& what);
  void perform(client::complete& what);
  void perform(client::session_ended&) { has_ended_ = true; }
  void begin_session();
  void note_lock(const client::call_kind& what, const client::outcome_of_call& how);
  void flush(node_id to);
  void send(node_id to, const std::vector<client::send_attempt>& queue);
  void note_name(const operation& what);
  void arm();

  const std::uint32_t number_;
  const std::uint32_t width_; ///< calls open at a time
  const std::uint64_t busy_us_; ///< thinks as long at most between two calls
  schedule& time_;
  history& seen_;
  client_surroundings& outside_;
  std::uint64_t sessions_ = 0; ///< so far that have ended
  std::unique_ptr<client::client_machine> machine_;
  bool has_ended_ = false; ///< its session
  bool calling_ = false;

  std::map<client::call_id, open_call> calls_;
  client::call_id last_call_ = 0;
  std::uint64_t last_value_ = 0;
  std::map<std::string, hlc_stamp> versions_; ///< last seen, by key
  claim_id claim_;           ///< its present wish for the lock; 0: none
  std::uint64_t claims_ = 0; ///< so far
  hlc_stamp token_;          ///< the last that it was granted, whether it still has it or not
  crdt::g_counter counted_; ///< what this client has added so far
  std::map<node_id, std::vector<client::send_attempt>> gathered_;
  std::map<std::uint64_t, sent_request> sent_;
  std::set<operation_id> ends_; ///< that were asked for
  std::uint64_t last_number_ = 0;
  std::uint64_t armed_us_ = 0;
};

} // namespace present::simulation
