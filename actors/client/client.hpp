#pragma once

#include "actors/client/batch.hpp"
#include "actors/client/client_network.hpp"
#include "actors/client/held_lock.hpp"
#include "actors/client/load_actor.hpp"
#include "actors/client/transactor.hpp"
#include "actors/client/watch_reader.hpp"
#include "actors/reporter/node_report.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace caf {
class actor_system;
}

namespace present {

/// What a read found.
struct found_value {
  std::string value;
  hlc_stamp version;
};

/// What a write made.
struct written {
  hlc_stamp version;
  /// The answer was the first try's: a retry that was recognised (P4).
  bool repeated = false;
  std::uint32_t attempts = 0;
  /// It met a conflict; if what is there was kept, `version` is that one's.
  std::optional<conflict::note> conflict = {};
};

/// Of a write that was asked for with `client_session::call`.
result<written> as_written(client::outcome_of_call outcome);

struct found_row {
  std::string key;
  std::string value;
  hlc_stamp version;
};
struct found_page {
  std::vector<found_row> rows;
  bool more = false; ///< go on after the last key
};

struct escalated_page {
  std::vector<escalated_row> rows;
  bool more = false;
};

struct scan_options {
  std::string first;
  std::string last; ///< empty: the end of the space
  std::uint32_t limit = 0;
  bool keys_only = false;
  hlc_stamp at = {}; ///< as it was at this stamp; 0: as it is
};

/// A client for programs that block: a small facade over one client actor. Each
/// call takes a deadline (0: 10 s) and returns at it at the latest. Its writes are
/// exactly-once, however often they are retried (with backoff and jitter, within the
/// deadline), and each call is of a trace, whose id an error carries.
///
///     auto db = client_session::connect({{{"127.0.1.1:7400", {1}}}, "ca.pem", "me.pem", "me.key"});
///     (*db)->put("accounts", "alice", "42");
///
/// Its end gives up the locks that were taken with it, held or waited for (`end`).
/// Thread-safe: threads may share one.
class client_session {
public:
  static result<std::unique_ptr<client_session>>
  connect(const client::connect_options& options);
  ~client_session();
  client_session(const client_session&) = delete;
  client_session& operator=(const client_session&) = delete;

  using deadline = std::chrono::milliseconds;

  /// Ends the session: locks that it took go at once, in one step of each partition that has
  /// some, whoever waits for them hears of it, and nothing that was on its way takes one any
  /// more. Of what the cluster couldn't be told within `patience` the lease is the end.
  /// Calls that are open fail, and so does each later one. So does destruction, with two
  /// seconds, if there was no call of this; it costs nothing without locks.
  void end(deadline patience = std::chrono::seconds(2));

  /// `not_found` if there is no such key.
  result<found_value> get(const std::string& space, const std::string& key,
                          deadline patience = {});
  /// As it was at that stamp; `too_old` if what was there then isn't kept any more.
  result<found_value> get_at(const std::string& space, const std::string& key, hlc_stamp at,
                             deadline patience = {});
  result<written> put(const std::string& space, const std::string& key, std::string value,
                      condition when = always{}, deadline patience = {});
  result<written> remove(const std::string& space, const std::string& key,
                         condition when = always{}, deadline patience = {});
  /// The same under a lock: `fenced` if a later holder of it is known there.
  result<written> put(const std::string& space, const std::string& key, std::string value,
                      const client::fence_name& fence, condition when = always{},
                      deadline patience = {});
  result<written> remove(const std::string& space, const std::string& key,
                         const client::fence_name& fence, condition when = always{},
                         deadline patience = {});
  /// Writes that say what their author knew (write_context.hpp): a conflict is settled as
  /// the space's strategy says.
  result<written> put(const std::string& space, const std::string& key, std::string value,
                      const write_context& knows, deadline patience = {});
  result<written> remove(const std::string& space, const std::string& key,
                         const write_context& knows, deadline patience = {});
  /// `version_conflict` unless the key is at `expected` (0: does not exist).
  result<written> compare_and_set(const std::string& space, const std::string& key,
                                  hlc_stamp expected, std::string value,
                                  deadline patience = {});
  result<found_page> scan(const std::string& space, const scan_options& what,
                          deadline patience = {});
  /// What waits in a space for somebody to decide.
  result<escalated_page> escalations(const std::string& space, const scan_options& what = {},
                                     deadline patience = {});
  result<written> create_space(const present::create_space& what, deadline patience = {});
  result<written> create_space(const std::string& name, deadline patience = {}) {
    return create_space(present::create_space{name}, patience);
  }
  result<written> set_space(const present::set_space& what, deadline patience = {});
  result<written> drop_space(const std::string& name, deadline patience = {});

  /// Nodes, spaces, ranges and partitions, as some node knows them.
  result<cluster_map_ptr> map(deadline patience = std::chrono::seconds(5));

  /// Any call, as the actor takes it. Without `trace` a new one begins.
  client::outcome_of_call call(client::call_kind what, deadline patience = {},
                               const observe::trace_context& trace = {});

  /// An answer for each operation, in their order, within one deadline and of one
  /// trace.
  std::vector<result<batch_answer>> run(batch what, deadline patience = {},
                                        const observe::trace_context& trace = {});

  /// Waits for a lock and holds it: `version_conflict` if another has it and `patience` is
  /// 0, `deadline` if it wasn't free in time. For a program that stands for election
  /// this is its being elected.
  result<held_lock> lock(const std::string& space, const std::string& name,
                         const lock_options& how = {});
  /// The same for who has other things to do meanwhile.
  awaited_lock begin_lock(const std::string& space, const std::string& name,
                          const lock_options& how = {}) {
    return {system(), spawn_lock(space, name, how), space, name};
  }
  /// The same as an actor, which is to be told to begin (lock_holder.hpp).
  client::lock_actor spawn_lock(const std::string& space, const std::string& name,
                                const lock_options& how = {});
  /// Who holds it: as soon as that is another than `known`, or after `wait`.
  result<lock_standing> read_lock(const std::string& space, const std::string& name,
                                  hlc_stamp known = {}, deadline wait = {},
                                  deadline patience = {});

  /// Runs `work` as one transaction (transaction.hpp): all of it takes effect, or
  /// nothing. It may return a `status` to end it itself, or nothing.
  template <class Work>
  result<transacted> transact(Work work, const transaction_options& options = {}) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&, transaction&>>)
      return run_work([&](transaction& t) {
        work(t);
        return success();
      }, options);
    else
      return run_work([&](transaction& t) -> present::status { return work(t); }, options);
  }
  /// The same for actors: it runs what it is sent, in a thread of its own.
  client::transactor_actor spawn_transactor();

  /// What changes from now on, or from a token on (watch_reader.hpp).
  std::unique_ptr<watch_reader> watch(const client::watch_options& what);
  /// The same for actors: `listener` is sent what changes, and answers (watcher.hpp).
  client::watcher_actor spawn_watcher(const client::watch_options& what,
                                      const client::watch_listener& listener);

  // For operators: need an admin's certificate.
  /// Writes what waits for a decision, or drops it. `not_found` if it doesn't wait any more.
  result<written> settle_escalation(const std::string& space, const std::string& key,
                                    hlc_stamp write, bool accept, deadline patience = {});
  result<cluster_status> status(deadline patience = std::chrono::seconds(5));
  result<supervision::description> tree(node_id node,
                                        deadline patience = std::chrono::seconds(5));
  /// What the nodes remember of a trace, by start time; empty: nothing.
  result<std::vector<observe::span>> trace(const observe::trace_context& which,
                                           deadline patience = std::chrono::seconds(5));
  /// Who listens at an endpoint that this session was opened with, in a cluster or not.
  result<client::node_self> self(const std::string& endpoint,
                                 deadline patience = std::chrono::seconds(5));
  /// Asks the node at that endpoint to found a cluster with these members: each of
  /// them has to be asked (P19). Idempotent.
  present::status initialise(const std::string& endpoint, const std::vector<member_status>& members,
                    std::uint32_t partitions, deadline patience = std::chrono::seconds(5));

  /// One more client actor on the same connections, with a session of its own.
  client::client_actor spawn_client();
  caf::actor_system& system();

  /// Runs a closed loop of load on `clients` client actors; blocks until its end.
  client::load_result run_load(client::load_plan plan, std::size_t clients);

private:
  struct body;
  explicit client_session(std::unique_ptr<body> made);
  result<transacted> run_work(const transaction_work& work, const transaction_options& options);
  template <class Outcome, class Message>
  Outcome ask(Message what, deadline patience, Outcome otherwise);

  std::unique_ptr<body> body_;
};

} // namespace present
