#pragma once

#include "tests/simulation/cluster/client_history.hpp"
#include "tests/simulation/cluster/client_host.hpp"
#include "tests/simulation/cluster/fenced_workload.hpp"
#include "tests/simulation/cluster/ruled_workload.hpp"
#include "tests/simulation/cluster/transaction_workload.hpp"

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace present::simulation::cluster {

/// What the clients ask: few keys, so that they meet; conditions on what others saw;
/// pages; spaces that come and go; now and then something that is wrong. And transactions,
/// most of them over several partitions: on lists, under a lock, and into spaces with rules
/// (transaction_workload, fenced_workload, ruled_workload). Those on machines of their own
/// also take the lock, keep it, give it back and forget it.
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
  /// All that transactions are about, for each source in one of them, by each client.
  void look_at_all();

  static constexpr std::size_t sources = 3;
  using by_source = std::array<std::uint64_t, sources>;
  by_source commits_by_source() const;
  /// By a fence, or by a policy.
  by_source refusals_by_source() const;
  void judge_transactions() const;
  /// Since `begin_calm`.
  bool has_written_under_lock() const { return fenced_.pairs_written() > pairs_before_calm_; }
  client_history& history() { return history_; }
  const client_history& history() const { return history_; }
  /// Nobody has asked anything that is not answered.
  bool is_idle() const;
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
    std::size_t place = 0;       ///< at its host
    client_finder find;
    std::uint32_t number = 0;
    bool is_forgotten = false;
    std::uint64_t lives = 0; ///< turns of an earlier life are dropped
    std::set<client_history::ticket> open;
    std::set<std::pair<std::size_t, transaction_source::ticket>> open_transactions;
    enum class wish : std::uint8_t { none, open, granted } lock = wish::none;
    std::uint64_t calm_reads = 0;
    std::uint64_t calm_writes = 0;
    std::uint64_t calm_transactions = 0;
    std::string last_problem;
  };
  class driver;

  static constexpr std::uint32_t patience_ms = 5'000;
  static constexpr std::uint32_t calm_patience_ms = 10'000;

  /// Within the caller's own turn.
  void drive_caller(std::function<void()> what);
  void turn(std::size_t who, std::uint64_t life);
  void schedule(std::size_t who);
  void go_on(std::size_t who, std::uint64_t life);
  /// `goes_on`: another call follows the answer.
  void ask(std::size_t who, client::call_kind what, std::uint32_t deadline_ms, bool goes_on);
  void on_answer(std::size_t who, client_history::ticket id, bool is_write,
                 const client::outcome_of_call& how);
  struct transaction_turn {
    std::size_t source = 0;
    std::uint32_t deadline_ms = 0;
    std::uint64_t life = 0; ///< of the client's, in which it began
  };
  bool is_transactions_turn(const slot& who);
  void begin_transaction(std::size_t who, std::uint64_t life);
  void ask_transaction(std::size_t who, transaction_source::asked what, transaction_turn of);
  void on_transaction_answer(std::size_t who, transaction_source::ticket id,
                             transaction_turn of, const client::outcome_of_call& how);
  void think_of_lock(slot& who);
  void want_lock(slot& who);
  void watch_lock(slot& who, const client::lock_actor& lock);
  bool is_still(const slot& who, const client::lock_actor& lock) const;
  void make_space(const create_space& what);

  client::call_kind next_call();
  client::call_kind next_calm_call(const slot& who);
  client::call_kind next_write(const std::string& space, const std::string& key);
  client::call_kind next_wrong_call();
  std::string some_key();
  bytes_ptr fresh_value();

  surroundings& world_;
  client_history history_;
  transaction_workload lists_;
  fenced_workload fenced_;
  ruled_workload ruled_;
  const std::array<transaction_source*, sources> sources_{&lists_, &fenced_, &ruled_};
  std::vector<slot> slots_;
  std::unique_ptr<driver> driver_;
  std::uint64_t values_ = 0;
  std::uint64_t longest_pause_ = 0;
  std::uint64_t drives_ = 0; ///< on their way to the caller
  bool asking_ = false;
  bool calm_ = false;
  std::uint64_t pairs_before_calm_ = 0;
  std::size_t spaces_made_ = 0;
  std::size_t spaces_wanted_ = 0;
};

} // namespace present::simulation::cluster
