#pragma once

#include "actors/raft/raft_machine.hpp"
#include "tests/scenarios/journal_image.hpp"
#include "tests/scenarios/key_value_state.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace present::scenarios {

/// A raft group that does nothing by itself: a transcript says which message
/// arrives, whose alarm rings and when a disk has written. README.md lists the
/// verbs. What happens is told in words, one line a step and one an effect.
class raft_group {
public:
  /// `spares` wait to be invited; one message carries up to `batch` entries.
  raft_group(std::uint32_t voters, std::uint32_t spares, std::size_t batch);

  /// Only what a reader of the outcome wants: no messages, no writes.
  void tell_outcomes_only(bool whether) { outcomes_only_ = whether; }
  std::string take_output() { return std::exchange(output_, {}); }

  void wake(std::uint32_t node);
  /// Its alarm rings, and everything settles: only what became of it is told.
  void elect(std::uint32_t node);
  void pass(std::uint64_t duration_ms);
  /// What is in flight on a link now, or everywhere; not what that leads to.
  void deliver(std::uint32_t from = 0, std::uint32_t to = 0);
  void drop(std::uint32_t from = 0, std::uint32_t to = 0);
  void repeat(std::uint32_t from, std::uint32_t to);
  void cut(std::uint32_t from, std::uint32_t to) { cut_.insert({from, to}); }
  void heal(std::uint32_t from, std::uint32_t to) { cut_.erase({from, to}); }
  /// From everyone, both ways.
  void isolate(std::uint32_t node);
  void rejoin(std::uint32_t node);
  void settle();

  void hold_disk(std::uint32_t node, bool whether);
  void sync_disk(std::uint32_t node, std::size_t writes = SIZE_MAX);
  void fail_disk(std::uint32_t node, bool full);

  void write(std::uint32_t node, std::uint64_t value);
  void read(std::uint32_t node);
  void change_members(std::uint32_t node, const raft::configuration& wanted);
  void transfer(std::uint32_t node, std::uint32_t to);

  void crash(std::uint32_t node);
  void start(std::uint32_t node);
  void report_link(std::uint32_t node, std::uint32_t peer, bool up);
  void save_state(std::uint32_t node);
  void lose_state(std::uint32_t node) { at(node).saved = {}; }
  /// A copy of its files is made; and put back, while it is down.
  void copy_files(std::uint32_t node) { at(node).copy = {at(node).journal, at(node).saved}; }
  void put_files_back(std::uint32_t node) {
    std::tie(at(node).journal, at(node).saved) = at(node).copy;
  }
  void tell_witnesses(std::uint32_t node, term at_term, const raft::log_position& reached,
                      bool went_back) {
    tell(at(node), raft::witnesses_told{at_term, reached, went_back});
  }
  void find_damage(std::uint32_t node) { tell(at(node), raft::damage_found{}); }
  void status();

  bool exists(std::uint32_t node) const { return node > 0 && node <= replicas_.size(); }

private:
  struct replica {
    node_id id;
    simulation::journal_image journal;
    simulation::checkpoint saved;
    std::pair<simulation::journal_image, simulation::checkpoint> copy;
    std::unique_ptr<raft::raft_machine> machine; ///< null: crashed
    std::deque<raft::persist> unsynced;
    bool disk_held = false;
    simulation::key_value_state state;
    log_index applied;
    std::string arriving;
    std::deque<raft::event_kind> answers; ///< of its own parts, still to be told
  };

  replica& at(std::uint32_t node) { return replicas_[node - 1]; }
  void tell(replica& to, raft::event_kind what);
  void answer(replica& to);
  void say(const std::string& line) { output_ += "    " + line + '\n'; }

  template <class Effect>
  void perform(replica&, const Effect&) {}
  void perform(replica& from, const raft::send& effect);
  void perform(replica& from, const raft::persist& effect);
  void perform(replica& from, const raft::apply& effect);
  void perform(replica& from, const raft::load_entries& effect);
  void perform(replica& from, const raft::read_snapshot& effect);
  void perform(replica& from, const raft::install_snapshot& effect);

  std::deque<replica> replicas_;
  std::deque<raft::message> flying_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> cut_;
  raft::ticket last_ticket_ = 0;
  time_ms now_ = 0;
  const std::size_t batch_;
  bool outcomes_only_ = false;
  std::string output_;
};

} // namespace present::scenarios
