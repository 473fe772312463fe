#pragma once

#include "actors/client/client.hpp"
#include "runtime/edge/entropy.hpp"
#include "tools/histories/operation.hpp"
#include "tools/present/workload_plan.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace present::tools {

/// What the clients of one workload share. Thread-safe.
struct workload_board {
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> operations = 0;
  std::atomic<std::uint64_t> inserted = 0; ///< members of all sets
};

/// "key-000017": the order of names is that of numbers.
std::string workload_key(std::uint64_t number);
/// "key-000017.2": of a series under that name, right behind it.
std::string workload_key(std::uint64_t number, std::uint64_t place);

/// One client of a workload: one call after the other through a client actor of its
/// own, each noted with the times of call and return (FAULTS, *Histories*). Used by
/// one thread.
///
/// I1  What is left out of the history provably had no effect; reads never have one.
/// I2  After a write of unknown outcome the client goes on under another number:
///     that write may still take effect beside the next.
class workload_client {
public:
  workload_client(client_session& session, const workload_plan& plan, std::uint32_t number,
                  workload_board& board);

  /// Sets follow each other as they fill: how many there are so far.
  static std::uint64_t sets_begun(const workload_plan& plan, const workload_board& board);

  /// Until the board says stop.
  void run();
  /// Reads this key, or set, with patience: after the faults, what is there?
  void read_at_last(std::uint64_t number);

  const std::vector<histories::operation>& history() const { return history_; }
  /// Calls that had no effect and aren't in the history, by error.
  const std::map<std::string, std::uint64_t>& failed() const { return failed_; }

private:
  struct sighting {
    std::string value;
    hlc_stamp version;
  };

  client::outcome_of_call call(client::call_kind what);
  std::uint64_t now_ns() const;
  std::uint64_t draw(std::uint64_t below) { return chance_.next() % below; }

  void step();
  void step_register(const std::string& key);
  void step_counter(const std::string& key);
  void step_set(std::uint64_t number);
  std::string set_name(std::uint64_t number) const;

  void do_get(const std::string& key);
  void do_put(const std::string& key);
  void do_cas(const std::string& key);
  void do_read_total(const std::string& key);
  void do_add(const std::string& key);
  void do_insert(const std::string& prefix);
  void do_read_members(const std::string& prefix);

  /// Notes the operation, unless it failed without effect.
  void note(const std::string& key, histories::action what, std::uint64_t called,
            const client::outcome_of_call& how);
  void note_known(const std::string& key, histories::action what, std::uint64_t called);

  client_session& session_;
  const workload_plan& plan_;
  workload_board& board_;
  const std::uint32_t number_;
  client::client_actor actor_;
  edge::seeded_entropy chance_;
  std::uint32_t deadline_ms_;
  std::uint32_t lives_ = 0;
  std::uint64_t values_ = 0; ///< written so far: none twice
  std::map<std::string, sighting> last_seen_;
  std::vector<histories::operation> history_;
  std::map<std::string, std::uint64_t> failed_;
};

} // namespace present::tools
