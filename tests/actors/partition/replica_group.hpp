#pragma once

#include "actors/partition/replica.hpp"
#include "storage/memory_journal.hpp"
#include "storage/memory_state_home.hpp"
#include "storage/snapshot_shelf.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>

/// Whole replicas of one partition with their disks, whose effects are carried out at
/// once; links are cut and time passes when the test says.
namespace present::partition::test {

class replica_group;

class group_member {
public:
  group_member(replica_group& group, node_id id, const replica_settings& options)
      : group_(group), options_(options), journal({"alpha", id, options.store, 1}) {}

  void start();
  /// As a process that was killed; all that it wrote is there.
  void start_again();
  struct copy {
    std::optional<storage::memory_journal> journal;
    std::shared_ptr<storage::memory_state_home> home;
  };
  copy files() const { return {journal, home->copy()}; }
  void put_back(const copy& old);
  void hear(replica_event_kind what);
  bool is_up() const { return it != nullptr; }
  storage::memory_state_backend& disk() { return home->disk(); }
  bool lacks_state() const { return it->raft().lacks_state(); }

private:
  replica_group& group_;
  replica_settings options_;
  bool rebuild_ = false;
  static inline std::uint64_t openings_ = 0;
  replica_effects said_;
  std::deque<replica_event_kind> later_;
  std::shared_ptr<storage::snapshot_shelf> shelf_;

public:
  storage::memory_journal journal;
  std::shared_ptr<storage::memory_state_home> home
    = std::make_shared<storage::memory_state_home>();
  std::unique_ptr<replica> it;
  std::vector<std::shared_ptr<const response>> answers;
  std::vector<std::string> condemned;

private:
  void carry_out(raft::send& what);
  void carry_out(write_journal& what) {
    REQUIRE(journal.append({&what.what, 1}).front());
    later_.push_back(raft::persisted{what.what.number});
  }
  void carry_out(raft::load_entries& what) {
    auto found = journal.load({1}, what.first, what.max_bytes);
    later_.push_back(raft::entries_loaded{what.for_peer, found ? *found
                                                               : std::vector<raft::entry>{}});
  }
  void carry_out(write_checkpoint& what) {
    checkpoint_done done{what.what->mark, what.into->write(*what.what)};
    if (done.how)
      done.digest = std::make_shared<const storage::state_digest>(what.into->digest());
    later_.push_back(std::move(done));
  }
  void carry_out(read_snapshot_part& what) {
    later_.push_back(snapshot_part_read{
      what.for_peer, shelf_->read(*what.from, what.for_peer, what.offset, what.digest)});
  }
  void carry_out(release_snapshot& what) {
    if (what.peer)
      shelf_->release(*what.peer);
    else
      shelf_->release_all();
  }
  void carry_out(take_snapshot_part& what) {
    snapshot_part_taken taken{what.what.mark};
    const auto held = shelf_->take(what.what);
    REQUIRE(held);
    taken.next_offset = held->next_offset;
    if (held->complete) {
      taken.how = shelf_->load();
      taken.loaded = bool{taken.how};
    }
    later_.push_back(std::move(taken));
  }
  void carry_out(replace_state&) {
    auto state = shelf_->replace();
    REQUIRE(state);
    later_.push_front(state_replaced{std::move(*state)});
  }
  void carry_out(condemn_state& what) {
    condemned.push_back(*what.why);
    home->condemn();
  }
  void carry_out(respond& what) { answers.push_back(what.what); }
  void carry_out(raft::rebuild_needed&) { rebuild_ = true; }
  template <class Effect>
  void carry_out(Effect&) {} // for whoever watches
};

class replica_group {
public:
  explicit replica_group(std::uint32_t nodes, settings machine = {}) {
    replica_settings options;
    options.machine = machine;
    options.machine.id = {1};
    options.raft.max_retained_bytes = 0; // so that a lost state can't come from the log
    for (std::uint32_t n = 1; n <= nodes; ++n)
      options.founders.voters.push_back({n});
    for (std::uint32_t n = 1; n <= nodes; ++n) {
      options.machine.self = {n};
      options.raft.seed = n;
      members_.push_back(std::make_unique<group_member>(*this, node_id{n}, options));
    }
    for (auto& member : members_)
      member->start();
    settle();
  }

  group_member& at(std::uint32_t n) { return *members_[n - 1]; }

  void send(raft::message what) { mail_.push_back(std::move(what)); }

  /// Until nobody has anything more to say.
  void settle() {
    while (!mail_.empty()) {
      auto next = std::move(mail_.front());
      mail_.pop_front();
      if (cut.contains(next.from.value) || cut.contains(next.to.value)
          || (raft_is_cut && !std::holds_alternative<raft::carried>(next.content)))
        continue;
      at(next.to.value).hear(raft::received{std::move(next)});
    }
  }

  void pass(time_ms ms) {
    for (time_ms passed = 0; passed < ms; passed += 10) {
      now += 10;
      for (auto& member : members_)
        member->hear(time_passed{});
      settle();
    }
  }

  /// The one that leads, by now.
  std::uint32_t leader() {
    for (int tries = 0; tries < 500; ++tries) {
      for (std::uint32_t n = 1; n <= members_.size(); ++n)
        if (!cut.contains(n) && at(n).it->partition().leads())
          return n;
      pass(10);
    }
    FAIL("nobody leads");
    return 0;
  }

  template <class Condition>
  void pass_until(const char* what, Condition holds) {
    for (int tries = 0; tries < 6000 && !holds(); ++tries)
      pass(10);
    REQUIRE_MESSAGE(holds(), what);
  }

  /// What the leader answers to it.
  answer ask(operation what) {
    auto& leading = at(leader());
    leading.answers.clear();
    auto asked = request_of({std::move(what)});
    leading.hear(arrived{++last_tag_, std::move(asked)});
    settle();
    for (int tries = 0; tries < 100 && leading.answers.empty(); ++tries)
      pass(10);
    REQUIRE(leading.answers.size() == 1);
    REQUIRE(leading.answers[0]->failure.code == error_code::ok);
    return leading.answers[0]->answers.front();
  }
  answer put_key(const std::string& key, const std::string& value) {
    return ask(write(1, ++last_number_, put_of(key, value), 0,
                     hlc_stamp::of(first_wall_ms + now + 10'000, 0)));
  }
  answer get_key(const std::string& key) { return ask(read(get{{1}, key})); }
  void own_space() {
    for (auto& member : members_)
      member->hear(map_known{map_with(2, {1})});
    settle();
    pass(100);
  }

  std::set<std::uint32_t> cut; ///< who hears nobody, and isn't heard
  bool raft_is_cut = false;    ///< only what is said beside it arrives
  time_ms now = 1000;

private:
  std::vector<std::unique_ptr<group_member>> members_;
  std::deque<raft::message> mail_;
  request_tag last_tag_ = 0;
  std::uint64_t last_number_ = 0;
};

inline void group_member::start() {
  it.reset();
  shelf_ = std::make_shared<storage::snapshot_shelf>(home, partition_id{1});
  auto opened = storage::open_usable_state(*home);
  REQUIRE(opened);
  options_.witnesses = *journal.witnesses({1});
  options_.life = {journal.identity().boot, ++openings_};
  it = std::make_unique<replica>(options_, *journal.recover({1}), std::move(opened->state),
                                 opened->mark, group_.now);
  hear(time_passed{});
  hear(map_known{map_with(2, {1})});
  hear(raft::state_checked{});
}

inline void group_member::start_again() {
  it.reset();
  journal.sync();
  home->disk().sync();
  journal.crash();
  home->crash();
  start();
}

inline void group_member::put_back(const copy& old) {
  it.reset();
  shelf_.reset();
  journal = *old.journal;
  home = old.home->copy();
  journal.sync();
  home->disk().sync();
  journal.crash();
  home->crash();
}

inline void group_member::hear(replica_event_kind what) {
  later_.push_back(std::move(what));
  while (!later_.empty() && !rebuild_) {
    auto next = std::move(later_.front());
    later_.pop_front();
    it->hear({group_.now, first_wall_ms + group_.now, std::move(next)}, said_);
    do {
      auto wanted = std::exchange(said_, {});
      for (auto& effect : wanted)
        std::visit([this](auto& each) { carry_out(each); }, effect);
    } while (it->turn(said_) || !said_.empty());
  }
  if (std::exchange(rebuild_, false)) {
    later_.clear();
    start();
  }
}

inline void group_member::carry_out(raft::send& what) {
  group_.send(what.what);
}

} // namespace present::partition::test
