#pragma once

#include "tests/simulation/cluster/fault_kind.hpp"
#include "tests/simulation/cluster/process.hpp"
#include "tests/simulation/cluster/witness.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace present::simulation::cluster {

class simulated_network;

/// A connection between two processes, as TCP gives it: what is sent arrives, late
/// where a packet was lost or a way is blocked for a while, or else the connection
/// ends. Messages may overtake each other: they are independent calls.
///
/// Each end hears once that it is over: at once when the other process was killed and
/// its machine says so, else when no sign of life came for `lapse`.
class connection : public std::enable_shared_from_this<connection> {
public:
  using listener = std::function<void()>;
  enum class way : std::uint8_t { forth, back }; ///< from the dialler, to it

  /// `arrives` is called in the receiver's process, or never.
  void send(way which, std::function<void()> arrives);

  /// Either end closes it; that end hears nothing.
  void close(way by);
  /// The network does: both hear.
  void reset() { break_off(); }

  bool is_open() const { return open_; }
  /// One that comes when it is over already hears so, too.
  void set_dialler_listener(listener down) { listen(way::forth, std::move(down)); }
  void set_acceptor_listener(listener down) { listen(way::back, std::move(down)); }

private:
  friend class simulated_network;

  void deliver(way which, std::function<void()> arrives);
  void beat();
  void break_off();
  void listen(way end, listener down);
  void tell(way end);
  process& receiver(way which) const;
  process& sender(way which) const;

  simulated_network* network_ = nullptr;
  std::shared_ptr<process> dialler_;
  std::shared_ptr<process> acceptor_;
  bool open_ = true;
  bool dialler_knows_ = false;
  bool acceptor_knows_ = false;
  bool dialler_was_told_ = false;
  bool acceptor_was_told_ = false;
  std::uint64_t last_sign_ = 0;
  listener dialler_down_;
  listener acceptor_down_;
};

/// The ways between machines, each direction by itself.
class simulated_network {
public:
  simulated_network(timeline& time, seeded_random& random, effect_tally& effects,
                    witness& oracle)
      : time_(time), random_(random), effects_(effects), witness_(oracle) {}
  /// Lets go of everybody who listened.
  ~simulated_network();

  using answer = std::function<void(std::shared_ptr<connection>)>;
  /// Null: refused at once if nobody is there, or given up after the dial timeout.
  /// `alive` decides which process of that machine it is, when the dial arrives.
  void dial(std::shared_ptr<process> from, host_id to,
            std::function<std::shared_ptr<process>()> listening, answer tell);

  /// Whether `process` was killed so that its machine could tell (kill -9), or the
  /// machine is gone too (power).
  void process_ended(const process& who, bool machine_tells);

  // -- faults ------------------------------------------------------------------

  void block(host_id from, host_id to, fault_kind because);
  void unblock(host_id from, host_id to, fault_kind because);
  bool is_blocked(host_id from, host_id to) const;

  /// For some time: chances in a thousand, on ways that touch `at` (0: all).
  struct trouble {
    std::uint64_t until = 0;
    std::uint32_t per_mille = 0;
    host_id at = 0;
  };
  void set_trouble(fault_kind kind, trouble what) { troubles_[kind] = what; }
  /// Whether it strikes now, on this way; counted if so.
  bool strikes(fault_kind kind, host_id from, host_id to);
  void heal();

  /// Breaks every connection of this machine.
  void reset_connections(host_id of);

  timeline& time() { return time_; }
  seeded_random& random() { return random_; }
  effect_tally& effects() { return effects_; }
  witness& oracle() { return witness_; }
  void expect(bool holds, const char* oracle, const std::string& what) {
    witness_.expect(holds, oracle, what);
  }

  std::uint64_t latency(host_id from, host_id to);

  /// Names connections of clients, over all nodes.
  std::uint64_t connections_opened = 0;

private:
  friend class connection;

  static constexpr std::uint64_t heartbeat = 250 * ms;
  static constexpr std::uint64_t lapse = 1500 * ms;
  static constexpr std::uint64_t dial_timeout = 2000 * ms;
  /// How soon what was held up is sent again.
  static constexpr std::uint64_t retransmission = 40 * ms;

  bool is_reachable(const process& from, const process& to) const;
  void note_blocked(host_id from, host_id to);
  void sweep();

  timeline& time_;
  seeded_random& random_;
  effect_tally& effects_;
  witness& witness_;
  std::map<std::pair<host_id, host_id>, std::vector<fault_kind>> blocks_;
  std::map<fault_kind, trouble> troubles_;
  std::vector<std::weak_ptr<connection>> connections_; ///< in order of their making
};

} // namespace present::simulation::cluster
