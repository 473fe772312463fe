#pragma once

#include "actors/partition/state_machine.hpp"
#include "actors/transaction/coordinator_machine.hpp"
#include "storage/memory_state_backend.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Partitions and their coordinators, in which nothing happens by itself: what is asked
/// waits to be delivered. For transcripts.
namespace present::scenarios {

/// Partition n has the keys that begin with the n-th letter, and its leader's node a
/// coordinator. Stamps are small numbers, as if there were one clock.
class transaction_group {
public:
  explicit transaction_group(std::uint32_t partitions);

  void put(const std::string& key, const std::string& value);
  void get(const std::string& key);
  /// A client asks home for `name`: "a1=5" puts, "a1" reads, "a1!" has been read before,
  /// "a1?5" is compared; what comes behind "else" is done if that fails; "c1:7" is the lock
  /// c1 and its token, under which it is done.
  void begin(const std::string& name, std::uint64_t start, const std::vector<std::string>& steps);
  /// Somebody asks for a lock, gives it back, or looks whether it has it; and tells the
  /// partition that has `key` its token.
  void acquire(const std::string& lock, const std::string& by);
  void release(const std::string& lock, const std::string& by);
  void keep(const std::string& lock, const std::string& by);
  void raise(const std::string& fence, const std::string& key);
  /// Its client asks again, under the same name.
  void again(const std::string& name);

  enum class fate { arrives, unheard, lost };
  /// What is asked of partition `to` (0: of any) and called `what` (empty: anything).
  void deliver(const std::string& what, std::uint32_t to, fate how);
  /// Until nothing is asked any more.
  void settle();
  void pass(std::uint64_t ms);

  /// The leader and its coordinator die; another leads, and looks at what was left.
  void take_over(std::uint32_t at);
  /// The leader looks at its locks, which have grown old.
  void doubt(std::uint32_t at);
  /// Its state is built again from the disk.
  void restart(std::uint32_t at);
  void status();

  std::string take_output() { return std::exchange(output_, {}); }

private:
  struct partition {
    storage::memory_state_backend disk;
    std::unique_ptr<storage::state> table;
    std::unique_ptr<present::partition::state_machine> machine;
    std::unique_ptr<transaction::coordinator_machine> coordinator;
    term at_term{1};
    std::uint64_t checkpoints = 0;
  };
  struct question {
    std::uint32_t from = 0; ///< whose coordinator
    std::uint32_t to = 0;
    std::uint64_t ticket = 0;
    operation what;
    bool of_home = false;
    term at_term;
  };
  struct client {
    operation asked;
    std::uint32_t home = 0;
    std::vector<seen_key> seen;
  };

  partition& at(std::uint32_t number) { return *partitions_.at(number - 1); }
  std::uint32_t number_of(const std::string& key) const;
  cluster_map map() const;
  void open(partition& p);
  answer apply(std::uint32_t to, const operation& what);
  template <class What>
  operation of_stranger(What what) const;
  void ask_home(const std::string& name);
  void hear(std::uint32_t number, transaction::coordinator_event_kind what);
  void note(std::uint32_t from, transaction::ask_home& what);
  void note(std::uint32_t from, transaction::ask_cluster& what);
  void note(std::uint32_t from, transaction::tell_asker& what);
  void deliver(const question& one, fate how);
  void say(const std::string& line) { output_ += "    " + line + '\n'; }
  std::string describe(const question& one) const;
  std::string describe(const answer& said, bool is_push = false) const;
  std::string describe_turn(const answer& said) const;
  std::string name_of(const operation_id& id) const;

  std::vector<std::unique_ptr<partition>> partitions_;
  std::vector<question> asked_;
  std::map<std::string, client> clients_;
  std::uint64_t now_ms_ = 0;
  std::uint64_t stamp_ = 0;
  std::string output_;
};

} // namespace present::scenarios
