#pragma once

#include "tests/simulation/cluster/actor_watch.hpp"
#include "tests/simulation/cluster/client_host.hpp"
#include "tests/simulation/cluster/fault_plan.hpp"
#include "tests/simulation/cluster/marked_deaths.hpp"
#include "tests/simulation/cluster/replica_audit.hpp"
#include "tests/simulation/cluster/simulated_node.hpp"
#include "tests/simulation/cluster/surroundings.hpp"
#include "tests/simulation/cluster/workload.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace present::simulation::cluster {

struct run_options {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 3;
  std::uint64_t faults_until_ms = 8000;
  std::optional<std::vector<fault>> plan; ///< else `plan_of(seed)`
  std::ostream* log = nullptr;            ///< what actors and faults say, with the time
};

struct run_result {
  std::string oracle; ///< empty: nothing was violated
  std::string what;
  std::uint64_t violated_at_ms = 0;
  std::vector<fault> plan;
  std::vector<std::string> last_words; ///< of the log, where something was violated
  std::uint64_t events = 0; ///< messages handled
  std::uint64_t simulated_ms = 0;
  std::uint64_t trace = 0; ///< equal for equal runs
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t unknown = 0;
  workload::by_source commits{};  ///< of transactions
  workload::by_source refusals{}; ///< by a fence, or by a policy
  std::uint64_t states_compared = 0;
  std::uint64_t digests_told = 0; ///< to leaders, of states at markers
  effect_tally effective;
  mark_tally died_at{};
};

/// A cluster of real actor trees in one thread, with everything around them
/// simulated. One seed decides all of it.
class cluster_world {
public:
  explicit cluster_world(const run_options& options);
  ~cluster_world();

  run_result run();

private:
  struct unrest {
    std::string why;
    partition_id where;
  };

  // -- the order of things: cluster_run.cpp ------------------------------------
  void play(const std::vector<fault>& plan);
  void found();
  void count_what_happened();
  void check_recovery();
  void check_durability();
  void check_convergence();
  bool is_at_rest(unrest& still);
  bool is_as_wanted(const storage::placement& group, unrest& still);
  std::string replicas_in_words(partition_id partition);
  void check_end();
  void check_bounds();
  void read_all_and_judge();
  /// What an actor of a node answers; empty while it can't.
  template <class Handle, class Answer, class Question>
  std::optional<Answer> ask(simulated_node& node, const std::string& path, Question what);

  /// Until then, or until `done`. True: it is done.
  bool run_until(std::uint64_t when, const std::function<bool()>& done = {});
  bool run_for(std::uint64_t duration, const std::function<bool()>& done = {});
  void step();

  // -- what is done to it: cluster_faults.cpp ----------------------------------
  void begin_fault(const fault& item);
  void begin_halt(const fault& item, simulated_node& node);
  void begin_partition(const fault& item, const simulated_node& node);
  void part(const std::set<host_id>& here, const std::set<host_id>& there, const fault& item,
            bool both_ways);
  void begin_clock_fault(const fault& item, simulated_node& node);
  void begin_disk_fault(const fault& item, simulated_node& node);
  void begin_actor_fault(const fault& item, simulated_node& node);
  void begin_storm(const fault& item, simulated_node& node, const std::string& path);
  void begin_client_fault(const fault& item);
  void begin_damage(const fault& item, const simulated_node& chosen);
  void put_back_after(simulated_node& node, std::uint64_t duration);
  void wipe_for(simulated_node& node, std::uint64_t duration);
  void begin_membership_change(const fault& item);
  void change_state(fault_kind kind, node_id node, storage::node_state wanted,
                    client::call_kind call);
  void crash_for(simulated_node& node, std::uint64_t duration);
  void revive_after(simulated_node& node, std::uint64_t duration);
  void bury_the_dead();
  void end_all_faults();

  // -- the parts and who knows whom: cluster_world.cpp --------------------------
  listening_node find(node_id node) const;
  void overhear(partition_id partition, const raft::message& what);
  simulated_node* leader_of(partition_id partition);
  std::vector<node_id> founder_ids() const;
  simulated_node& node_at(node_id id) const { return *nodes_[id.value - 1]; }
  void draw_climate();
  void watch_actors();
  void hear_log();
  void say(const std::string& line);
  std::uint64_t hesitation_of(const player& who, const caf::type_erased_tuple& mail);

  const run_options options_;
  surroundings world_;
  replica_audit audit_;
  actor_watch watch_;
  marked_deaths deaths_;
  std::vector<std::unique_ptr<simulated_node>> nodes_;
  std::vector<std::unique_ptr<client_host>> hosts_;
  std::unique_ptr<workload> clients_;
  std::map<partition_id, std::pair<term, node_id>> leaders_; ///< newest term that led
  std::map<std::uint32_t, std::int64_t> wall_offsets_; ///< of nodes' machines, ms
  std::deque<std::string> last_words_;
  std::uint64_t log_trace_ = 0;
  std::map<node_id, storage::node_state> states_; ///< as far as operators know
  std::uint64_t digests_told_ = 0;
  node_id damaged_; ///< whose disks are struck in this run; 0: nobody's yet
  bool a_disk_was_lost_ = false;
  bool power_goes_at_the_end_ = false;
  bool faults_over_ = false;
};

run_result run(const run_options& options);

} // namespace present::simulation::cluster
