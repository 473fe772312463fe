#pragma once

#include "tests/simulation/cluster/client_history.hpp"
#include "tests/simulation/cluster/client_host.hpp"
#include "tests/simulation/cluster/transaction_history.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace present::simulation::cluster {

/// What the clients ask: few keys, so that they meet; conditions on what others saw;
/// pages; spaces that come and go; now and then something that is wrong. And transactions
/// on lists, most of which lie on several partitions.
class workload {
public:
  /// Where a node's own client is now; null while it is down.
  using client_finder = std::function<client::client_actor()>;

  workload(surroundings& world, std::vector<client_host*> hosts,
           std::vector<client_finder> nodes);
  ~workload();
  workload(const workload&) = delete;
  workload& operator=(const workload&) = delete;

  /// Makes the spaces, then lets all clients ask until `stop`.
  void begin();
  void stop() { asking_ = false; }
  /// As `begin`, but only reads and writes of what stays, with patience.
  void begin_calm();
  /// A host's clients died, and what they had asked is lost.
  void crashed(client_host& host);
  /// It has a new life.
  void restarted(client_host& host);

  /// One call per client at once, far more than is usual (fault 19).
  void flood(std::size_t calls);

  /// An operator's call, by a client of theirs: not judged, and not repeated.
  using told = std::function<void(bool done)>;
  void administer(client::call_kind what, told tell);

  /// Asks for every key of every space that stays.
  void read_all();
  /// All lists in one transaction, by each client.
  void read_lists();

  const transaction_history& transactions() const { return transactions_; }
  client_history& history() { return history_; }
  const client_history& history() const { return history_; }
  /// Nobody has asked anything that is not answered.
  bool is_idle() const {
    return drives_ == 0 && history_.open() == 0 && transactions_.open() == 0;
  }
  bool spaces_are_made() const { return spaces_made_ >= spaces_wanted_; }
  /// Calls that succeeded since `begin_calm`, of the client that has fewest of them.
  std::uint64_t least_calm_successes() const;
  /// The clients that have fewer, and what they heard last: for people.
  std::string those_below(std::uint64_t successes) const;
  /// A node has left: nobody serves its own client.
  void forget_node(std::size_t place);

private:
  /// One client that is asked, one call after the other.
  struct slot {
    client_host* host = nullptr; ///< null: it is a node's own client
    client_finder find;
    std::uint32_t number = 0;
    bool is_forgotten = false;
    std::uint64_t lives = 0; ///< turns of an earlier life are dropped
    std::set<client_history::ticket> open;
    std::set<transaction_history::ticket> open_transactions;
    std::uint64_t calm_reads = 0;
    std::uint64_t calm_writes = 0;
    std::uint64_t calm_transactions = 0;
    std::string last_problem;
  };
  class driver;

  /// Within the caller's own turn.
  void drive_caller(std::function<void()> what);
  void turn(std::size_t who, std::uint64_t life);
  void schedule(std::size_t who);
  /// `goes_on`: another call follows the answer.
  void ask(std::size_t who, client::call_kind what, std::uint32_t deadline_ms, bool goes_on);
  void on_answer(std::size_t who, client_history::ticket id, bool is_write,
                 const client::outcome_of_call& how);
  void ask_transaction(std::size_t who, transact what, std::uint32_t deadline_ms);
  void on_transaction_answer(std::size_t who, transaction_history::ticket id,
                             const client::outcome_of_call& how);
  transact next_transaction();
  transact look_at_all_lists() const;
  bool is_transactions_turn(const slot& who);
  void make_space(const std::string& name);

  client::call_kind next_call();
  client::call_kind next_calm_call(const slot& who);
  client::call_kind next_write(const std::string& space, const std::string& key);
  client::call_kind next_wrong_call();
  std::string some_key();
  bytes_ptr fresh_value();

  surroundings& world_;
  client_history history_;
  transaction_history transactions_;
  std::int64_t appended_ = 0;
  std::vector<slot> slots_;
  std::unique_ptr<driver> driver_;
  std::uint64_t values_ = 0;
  std::uint64_t longest_pause_ = 0;
  std::uint64_t drives_ = 0; ///< on their way to the caller
  bool asking_ = false;
  bool calm_ = false;
  std::size_t spaces_made_ = 0;
  std::size_t spaces_wanted_ = 0;
};

} // namespace present::simulation::cluster
