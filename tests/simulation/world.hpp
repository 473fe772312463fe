#pragma once

#include "actors/client/mutant.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/raft/mutant.hpp"
#include "tests/simulation/fault_plan.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/oracles.hpp"
#include "tests/simulation/reference_state.hpp"
#include "tests/simulation/schedule.hpp"
#include "tests/simulation/simulated_client.hpp"
#include "tests/simulation/simulated_node.hpp"

#include <array>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace present::simulation {

using any_mutant = std::variant<raft::mutant, partition::mutant, client::mutant>;

struct run_options {
  std::uint64_t seed = 1;
  std::uint32_t voters = 3;
  std::uint64_t faults_until_ms = 6000;
  any_mutant defect;
  std::vector<fault_kind> focus;          ///< of the plan; empty: any
  std::optional<std::vector<fault>> plan; ///< else `plan_of(seed)`
  std::ostream* log = nullptr;            ///< every step, in words
};

struct run_result {
  std::string oracle; ///< empty: nothing was violated
  std::string what;
  std::uint64_t violated_at_ms = 0;
  std::vector<fault> plan;
  std::uint64_t events = 0;
  std::uint64_t simulated_ms = 0;
  std::uint64_t trace = 0; ///< equal for equal runs
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t unknown = 0;
  std::uint64_t elections = 0;
  std::uint64_t snapshots = 0;
  /// How often each fault had an effect; one that had none proves nothing.
  std::array<std::uint64_t, fault_kinds> effective{};
};

/// The replicas of one partition and its clients in one thread, with everything
/// around them simulated: network, disks, clocks, faults. One seed decides all of
/// it, so a run can be repeated exactly.
class world final : public node_surroundings, public client_surroundings {
public:
  explicit world(const run_options& options);
  run_result run();

private:
  // -- run.cpp: the order of things --------------------------------------------
  void make_nodes();
  void play();
  void check_recovery();
  bool is_settled();
  simulated_node* current_leader();
  simulated_node& node_at(node_id id) { return *nodes_.at(id.value - 1); }

  // -- network.cpp: between replicas -------------------------------------------
  void transmit(const raft::message& what) override;
  bool lost(const raft::message& what);
  void block(node_id from, node_id to, fault_kind because);
  void unblock(node_id from, node_id to, fault_kind because);
  void report_link(node_id at, node_id peer, bool up, std::uint64_t delay_us);

  // -- client_network.cpp: between clients and nodes ----------------------------
  void ask(const client_call& from, node_id to, std::shared_ptr<const request> what) override;
  void reply(const client_call& to, std::shared_ptr<const response> what) override;
  void fetch_map(std::uint32_t client, node_id from) override;
  void hang(const client_call& from, node_id to, std::shared_ptr<const request> what);
  bool lost_for_client(node_id node);
  void break_off(const client_call& what);

  // -- watching ------------------------------------------------------------------
  void ended(simulated_node& node) override;
  void members_told(const report_members& what) override;
  void heard(const simulated_node& node, const partition::replica_event_kind& what) override;
  void turned(const simulated_node& node, const standing& before,
              const partition::replica_effects& done) override;
  void count_wrong_clock(const simulated_node& node);

  // -- faults.cpp --------------------------------------------------------------
  void begin_fault(const fault& item);
  bool begin_network_fault(const fault& item, const simulated_node& node,
                           const simulated_node* leading);
  bool begin_disk_fault(const fault& item, simulated_node& node);
  bool begin_clock_fault(const fault& item, simulated_node& node);
  void begin_group_fault(const fault& item, simulated_node& node, simulated_node* leading);
  void begin_crash(const fault& item, simulated_node& node);
  void crash_for(simulated_node& node, std::uint64_t duration_us, fault_kind kind);
  void start_after(simulated_node& node, std::uint64_t duration_us);
  void put_back_after(simulated_node& node, std::uint64_t duration_us);
  void wipe_for(simulated_node& node, std::uint64_t duration_us);
  void lose_state(simulated_node& node, const fault& item);
  template <class Change>
  void change_map(Change how);
  void part(const std::vector<std::pair<node_id, node_id>>& cut, const fault& item);
  void replace_keepers(std::uint64_t pick);
  void end_all_faults();
  struct condition;
  const condition* active(fault_kind kind, node_id node) const;
  void count(fault_kind kind) { ++result_.effective[static_cast<std::size_t>(kind)]; }

  run_options options_;
  run_result result_;
  schedule time_;
  reference_state truth_;
  history seen_;
  oracles oracles_;
  raft::configuration founders_;
  cluster_map_ptr map_;
  std::vector<std::unique_ptr<simulated_node>> nodes_;
  std::vector<std::unique_ptr<simulated_client>> clients_;

  std::map<std::pair<node_id, node_id>, std::vector<fault_kind>> blocked_;
  struct condition {
    std::uint64_t until_us = 0;
    std::uint32_t strength = 0;
    node_id target;
  };
  std::array<condition, fault_kinds> conditions_{};
  std::map<std::pair<node_id, node_id>, std::uint64_t> last_delivery_us_;
  /// The one whose disks may lie; all others keep what they have said they keep, so
  /// that a majority does.
  node_id victim_;
  bool faults_over_ = false;
};

/// Runs one seed from beginning to end.
run_result run(const run_options& options);

} // namespace present::simulation
