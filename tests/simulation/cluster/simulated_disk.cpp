#include "tests/simulation/cluster/simulated_disk.hpp"

#include <algorithm>
#include <utility>

namespace present::simulation::cluster {

namespace {

error gone() {
  return make_error(error_code::unknown_outcome, "the process has ended");
}

error not_confirmed() {
  return make_error(error_code::damaged, "the disk did not confirm a write");
}

error no_room() {
  return make_error(error_code::disk_full, "the disk is full");
}

} // namespace

// -- the journal -------------------------------------------------------------------

class simulated_disk::journal_door final : public storage::journal_store {
public:
  journal_door(simulated_disk& disk, process& life) : disk_(disk), life_(life) {}

  const storage::store_identity& identity() const override {
    return disk_.journal_.identity();
  }
  result<std::vector<partition_id>> partitions() const override {
    return disk_.journal_.partitions();
  }
  result<raft::recovered_state> recover(partition_id partition) override {
    if (!life_.opens_door())
      return gone();
    return disk_.journal_.recover(partition);
  }
  result<std::vector<raft::witnessed>> witnesses(partition_id partition) const override {
    return disk_.journal_.witnesses(partition);
  }
  std::vector<status> append(std::span<const storage::journal_write> batch) override {
    if (!life_.opens_door())
      return std::vector<status>(batch.size(), gone());
    auto done = disk_.append(batch, disk_.refuses_as_full(life_), refusing_);
    // Durable, and the process dies before anybody hears of it.
    if (!life_.opens_door())
      return std::vector<status>(batch.size(), gone());
    return done;
  }
  result<std::vector<raft::entry>> load(partition_id partition, log_index first,
                                        std::uint64_t max_bytes) const override {
    if (!life_.opens_door())
      return gone();
    return disk_.journal_.load(partition, first, max_bytes);
  }
  result<storage::log_scrub_report> scrub(partition_id partition, log_index from,
                                          std::uint64_t max_bytes) const override {
    return disk_.journal_.scrub(partition, from, max_bytes);
  }
  status leave(partition_id partition) override {
    return write([&] { return disk_.journal_.leave(partition); });
  }
  result<std::optional<std::string>> read_map() const override {
    if (!life_.opens_door())
      return gone();
    return disk_.journal_.read_map();
  }
  status write_map(const std::string& map) override {
    return write([&] { return disk_.journal_.write_map(map); });
  }

private:
  /// A commit of its own, of something else than entries.
  template <class Deed>
  status write(Deed deed) {
    if (!life_.opens_door())
      return gone();
    if (refusing_)
      return storage::refused_after_failure();
    if (disk_.refuses_as_full(life_))
      return no_room();
    refusing_ = disk_.takes_sync_failure();
    status done = success();
    if (!refusing_ || disk_.random_.chance(500)) {
      done = deed();
      disk_.journal_.sync();
    }
    if (!life_.opens_door())
      return gone();
    return refusing_ ? not_confirmed() : done;
  }

  simulated_disk& disk_;
  process& life_;
  bool refusing_ = false; ///< J4
};

std::vector<status> simulated_disk::append(std::span<const storage::journal_write> batch,
                                           bool is_full, bool& refusing) {
  if (refusing)
    return std::vector<status>(batch.size(), storage::refused_after_failure());
  refusing = takes_sync_failure();
  std::vector<status> done(batch.size(), not_confirmed());
  if (!refusing || random_.chance(500)) {
    journal_.fail_next(is_full ? std::optional{no_room()} : std::nullopt);
    auto answers = journal_.append(batch);
    journal_.fail_next(std::nullopt);
    journal_.sync();
    if (!refusing)
      done = std::move(answers);
  }
  return done;
}

bool simulated_disk::takes_sync_failure() {
  const bool fails = std::exchange(sync_fails_, false);
  syncs_failed_ += fails ? 1 : 0;
  return fails;
}

result<std::shared_ptr<storage::journal_store>> simulated_disk::open_journal(process& life) {
  if (!life.opens_door())
    return gone();
  return std::shared_ptr<storage::journal_store>{std::make_shared<journal_door>(*this, life)};
}

// -- the states --------------------------------------------------------------------

/// One opening of a partition's state.
class simulated_disk::state_door final : public storage::state_backend {
public:
  state_door(simulated_disk& disk, process& life, partition_id whose,
             std::shared_ptr<storage::state_backend> opened)
      : disk_(disk), life_(life), whose_(whose), opened_(std::move(opened)) {}

  result<std::optional<storage::record>> get(const storage::record_key& key) const override {
    return opened_->get(key);
  }
  status scan(const storage::record_key& first, const storage::record_key& last,
              const storage::row_visitor& visit) const override {
    return opened_->scan(first, last, visit);
  }
  status write(const storage::checkpoint& what) override {
    if (!life_.opens_door())
      return gone();
    if (disk_.refuses_as_full(life_))
      return no_room();
    auto done = opened_->write(what);
    auto& disk = static_cast<storage::memory_state_backend&>(*opened_);
    disk.sync();
    if (done && disk_.tell_)
      disk_.tell_({whose_, what.mark, disk.digest(), false});
    if (!life_.opens_door())
      return gone();
    return done;
  }
  result<raft::snapshot_mark> applied() const override { return opened_->applied(); }
  storage::state_digest digest() const override { return opened_->digest(); }
  result<storage::scrub_report> scrub(std::size_t max_rows) override {
    return opened_->scrub(max_rows);
  }

private:
  simulated_disk& disk_;
  process& life_;
  const partition_id whose_;
  const std::shared_ptr<storage::state_backend> opened_;
};

class simulated_disk::home_door final : public storage::state_home {
public:
  home_door(simulated_disk& disk, process& life, partition_id whose)
      : disk_(disk), life_(life), whose_(whose) {}

  result<std::shared_ptr<storage::state_backend>> open() override {
    if (!life_.opens_door())
      return gone();
    auto& there = disk_.states_[whose_];
    auto opened_before = there.opened.lock();
    if (opened_before && there.is_condemned)
      return make_error(error_code::overloaded, "the condemned state is still open");
    if (opened_before)
      return opened_before;
    auto found = there.home.open();
    if (!found)
      return found.problem();
    there.is_condemned = false;
    std::shared_ptr<storage::state_backend> opened
      = std::make_shared<state_door>(disk_, life_, whose_, std::move(*found));
    there.opened = opened;
    return opened;
  }
  result<std::unique_ptr<storage::state_backend>> open_next() override {
    if (!life_.opens_door())
      return gone();
    if (disk_.refuses_as_full(life_))
      return no_room();
    return disk_.states_[whose_].home.open_next();
  }
  status replace() override {
    if (!life_.opens_door())
      return gone();
    auto& home = disk_.states_[whose_].home;
    auto done = home.replace();
    if (done)
      disk_.states_[whose_].is_condemned = false;
    if (const auto mark = home.disk().applied(); done && mark && disk_.tell_)
      disk_.tell_({whose_, *mark, home.disk().digest(), true});
    if (!life_.opens_door())
      return gone();
    return done;
  }
  status remove() override {
    if (!life_.opens_door())
      return gone();
    const auto there = disk_.states_.find(whose_);
    if (there == disk_.states_.end())
      return success();
    if (!there->second.opened.expired())
      return make_error(error_code::overloaded, "the state is still open");
    auto done = there->second.home.remove();
    if (done)
      disk_.states_.erase(there);
    if (!life_.opens_door())
      return gone();
    return done;
  }
  void condemn() override {
    auto& there = disk_.states_[whose_];
    there.home.condemn();
    there.is_condemned = true;
  }
  result<std::unique_ptr<storage::spool>> make_spool() override {
    if (disk_.refuses_as_full(life_))
      return no_room();
    return disk_.states_[whose_].home.make_spool();
  }

private:
  simulated_disk& disk_;
  process& life_;
  const partition_id whose_;
};

std::shared_ptr<storage::state_home> simulated_disk::home_of(process& life,
                                                             partition_id partition) {
  return std::make_shared<home_door>(*this, life, partition);
}

std::vector<partition_id> simulated_disk::partitions_on_disk() const {
  std::vector<partition_id> found;
  for (const auto& [partition, state] : states_)
    found.push_back(partition);
  return found;
}

// -- faults ------------------------------------------------------------------------

void simulated_disk::crash() {
  sync_fails_ = false;
  journal_.crash();
  for (auto& [partition, state] : states_) {
    state.home.crash();
    state.is_condemned = false;
  }
}

bool simulated_disk::rot_log(partition_id whose) {
  const auto found = storage::memory_journal{journal_}.recover(whose);
  if (!found || found->entries.empty())
    return false;
  return journal_.damage(whose, found->entries[random_.below(found->entries.size())].index);
}

bool simulated_disk::lose_state(partition_id whose) {
  if (journal_.durable_base(whose) == log_index{})
    return false;
  states_.erase(whose);
  return true;
}

auto simulated_disk::copy_files() const -> files {
  files copy{journal_, {}};
  for (const auto& [partition, state] : states_)
    copy.states[partition] = state.home.copy();
  return copy;
}

bool simulated_disk::put_back(files then) {
  then.journal.crash();
  const auto partitions = partitions_on_disk();
  const bool lost = std::any_of(partitions.begin(), partitions.end(), [&](partition_id each) {
    return !(then.journal.extent_of(each) == journal_.extent_of(each));
  });
  journal_ = std::move(then.journal);
  states_.clear();
  for (auto& [partition, home] : then.states) {
    home->crash();
    states_[partition].home = std::move(*home);
  }
  return lost;
}

void simulated_disk::wipe(store_id store) {
  journal_.wipe(store);
  states_.clear();
}

bool simulated_disk::refuses_as_full(const process& life) {
  const bool full = full_until_ > life.time().now();
  writes_refused_ += full ? 1 : 0;
  return full;
}

void simulated_disk::slow_until(std::uint64_t when, std::uint64_t by) {
  slow_until_ = when;
  slow_by_ = by;
}

/// Most often a quarter of a millisecond (storage/README.md), and now and then ten
/// times as much.
std::uint64_t simulated_disk::write_time(const timeline& time) {
  auto takes = random_.between(100 * us, 400 * us);
  if (random_.chance(20))
    takes *= 10;
  if (slow_until_ > time.now()) {
    takes += random_.below(slow_by_);
    ++writes_slowed_;
  }
  return takes;
}

} // namespace present::simulation::cluster
