#pragma once

#include "actors/partition/partition_machine.hpp"
#include "storage/memory_state_backend.hpp"
#include "tests/actors/partition/operations.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace present::partition::test {

/// One partition machine over a state in memory, and a log that does what the
/// test says: an entry gets a place, is committed or is replaced by hand.
class replica_under_test {
public:
  explicit replica_under_test(settings options = {}) : options_(std::move(options)) {
    if (options_.founding_map == nullptr && options_.id == root_partition)
      options_.id = {1};
    options_.self = {1};
    // What several in flight do to each other is seen with two.
    options_.max_proposals_in_flight = 2;
    start({});
  }

  // -- what it hears -------------------------------------------------------------

  void hear(event_kind what) {
    effects out;
    machine_->step({now, wall_ms, std::move(what)}, out);
    for (auto& effect : out)
      std::visit([this](auto& e) { note(e); }, effect);
  }

  request_tag ask(std::vector<operation> operations, std::uint32_t deadline_ms = 0) {
    auto asked = request_of(std::move(operations), deadline_ms);
    asked->partition = options_.id;
    hear(arrived{++last_tag_, std::move(asked), traced});
    return last_tag_;
  }

  void pass(time_ms ms) {
    now += ms;
    wall_ms += ms;
    hear(time_passed{});
  }

  void commit_entry(std::shared_ptr<const entry_batch> batch, term at) {
    last_index = next(last_index);
    hear(committed{last_index, at, std::move(batch)});
  }

  /// Elected, with its own term's empty entry committed.
  void lead(term at) {
    hear(role_known{true, at, options_.self});
    commit_entry(nullptr, at);
    leading = at;
  }
  void follow(term at, node_id leader = {2}) { hear(role_known{false, at, leader}); }

  /// Gives the oldest proposal the next place behind those placed already.
  log_index place(std::size_t ahead = 1) {
    REQUIRE(!proposed.empty());
    const auto first = proposed.front();
    proposed.erase(proposed.begin());
    const log_index index{last_index.value + ahead};
    hear(proposal_placed{first.ticket, index, leading});
    placed.push_back(first);
    return index;
  }
  /// Commits the oldest entry that has a place.
  void commit() {
    REQUIRE(!placed.empty());
    const auto first = placed.front();
    placed.erase(placed.begin());
    commit_entry(first.batch, leading);
  }
  /// Places and commits until the machine proposes no more.
  void commit_all() {
    while (!proposed.empty() || !placed.empty()) {
      if (placed.empty())
        place();
      commit();
    }
  }

  /// Writes all that was applied to the disk and starts again from there.
  void restart() {
    checkpoint();
    start(*disk.applied());
    proposed.clear();
    placed.clear();
    reads.clear();
  }
  void checkpoint() {
    machine_->write_back();
    const auto frozen = table_->freeze({last_index, machine_->applied_term(), {}});
    REQUIRE(frozen);
    REQUIRE(disk.write(**frozen));
    disk.sync();
    table_->release_frozen();
  }

  // -- what it said --------------------------------------------------------------

  const response& response_to(request_tag tag) const {
    REQUIRE(responses.contains(tag));
    return *responses.at(tag);
  }
  const answer& answer_to(request_tag tag, std::size_t place = 0) const {
    const auto& said = response_to(tag);
    REQUIRE(said.failure.code == error_code::ok);
    REQUIRE(place < said.answers.size());
    return said.answers[place];
  }
  bool is_open(request_tag tag) const { return !responses.contains(tag); }

  /// Asks and commits at once.
  answer now_answer(operation asked) {
    const auto tag = ask({std::move(asked)});
    commit_all();
    return answer_to(tag);
  }
  /// Reads with a round that is confirmed at once.
  template <class What>
  answer now_read(What what) {
    const auto tag = ask({read(std::move(what))});
    REQUIRE(!reads.empty());
    hear(read_confirmed{reads.back().ticket, last_index});
    reads.pop_back();
    return answer_to(tag);
  }
  /// The value under `key` in space 1, or "-".
  std::string value_of(const std::string& key) {
    const auto given = now_read(get{{1}, key});
    return given.code == error_code::ok ? *given.value : "-";
  }

  partition_machine& machine() { return *machine_; }
  storage::state& table() { return *table_; }

  time_ms now = 5'000;
  std::uint64_t wall_ms = first_wall_ms;
  term leading;
  log_index last_index;
  storage::memory_state_backend disk;
  std::vector<propose> proposed; ///< without a place
  std::vector<propose> placed;
  std::vector<confirm_read> reads;
  std::map<request_tag, std::shared_ptr<const response>> responses;
  bool traced = false; ///< what is asked from now on
  std::vector<stage_reached> stages;
  int checkpoints_due = 0;
  std::vector<std::string> damage;
  std::vector<log_index> markers;
  std::vector<coordinate> handed_over;
  std::vector<drive_decision> driven;
  std::vector<doubt_lock> doubted;

private:
  void start(const raft::snapshot_mark& mark) {
    machine_.reset(); // it ends before its table
    table_ = std::make_unique<storage::state>(disk);
    machine_ = std::make_unique<partition_machine>(options_, *table_, mark);
    last_index = mark.index;
  }

  void note(const propose& what) { proposed.push_back(what); }
  void note(const confirm_read& what) { reads.push_back(what); }
  void note(const checkpoint_due&) { ++checkpoints_due; }
  void note(const marker_applied& what) { markers.push_back(what.index); }
  void note(const damage_met& what) { damage.push_back(*what.what); }
  void note(const stage_reached& what) { stages.push_back(what); }
  void note(const coordinate& what) { handed_over.push_back(what); }
  void note(const drive_decision& what) { driven.push_back(what); }
  void note(const doubt_lock& what) { doubted.push_back(what); }
  void note(const respond& what) {
    // I4
    CHECK_MESSAGE(responses.emplace(what.tag, what.what).second,
                  "a request is answered twice");
  }

  settings options_;
  std::unique_ptr<storage::state> table_;
  std::unique_ptr<partition_machine> machine_;
  request_tag last_tag_ = 0;
};

/// Partition 1 has the spaces that are named, whole.
inline cluster_map_ptr map_with(std::uint64_t epoch, std::vector<std::uint32_t> spaces) {
  auto map = std::make_shared<cluster_map>();
  map->epoch = {epoch};
  for (const auto space : spaces)
    map->ranges.push_back({{space}, "", {1}});
  return map;
}

/// Leads, and owns space 1.
inline void lead_with_space(replica_under_test& replica) {
  replica.lead({1});
  replica.hear(map_known{map_with(2, {1})});
  replica.commit_all();
  REQUIRE(replica.machine().epoch() == map_epoch{2});
}

} // namespace present::partition::test
