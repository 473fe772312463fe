#include "actors/node/node_storage.hpp"

#include "runtime/edge/entropy.hpp"
#include "storage/disk_room.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "storage/lmdb_state_home.hpp"

#include <charconv>

namespace present {

namespace {

std::filesystem::path journal_folder(const std::filesystem::path& data) {
  return data / "journal";
}

std::filesystem::path state_folder(const std::filesystem::path& data) {
  return data / "state";
}

} // namespace

node_storage::node_storage(const node_config& config)
    : data_(config.data), cluster_(config.cluster), self_(config.self),
      storage_key_(config.storage_key), opening_(edge::machine_entropy().next()) {
}

/// Keys are made with the data that they are for: data without their keys are lost,
/// and new keys would only hide that.
status node_storage::open() {
  auto locked = storage::folder_lock::take(data_);
  if (!locked)
    return locked.problem();
  lock_ = std::move(*locked);
  if (!std::filesystem::exists(storage_key_)
      && !std::filesystem::exists(journal_folder(data_)))
    if (auto made = storage::key_file::create(storage_key_); !made)
      return made;
  auto keys = storage::key_file::open(storage_key_);
  if (!keys)
    return keys.problem();
  keys_ = std::move(*keys);
  auto opened = open_trusted_journal();
  if (!opened && opened.problem().code == error_code::damaged) {
    set_aside_ = opened.problem();
    if (auto aside = set_journal_aside(); !aside)
      return aside;
    opened = open_trusted_journal();
  }
  return opened;
}

status node_storage::open_trusted_journal() {
  auto opened = make_journal();
  if (!opened)
    return opened.problem();
  if (auto sound = (*opened)->check_own_word(); !sound)
    return sound;
  identity_ = (*opened)->identity();
  const std::lock_guard hold(mutex_);
  opened_ = std::move(*opened);
  return success();
}

/// By one rename, so that a crash leaves the journal or none.
status node_storage::set_journal_aside() const {
  const auto folder = journal_folder(data_);
  std::error_code failed;
  std::filesystem::rename(folder / "data.mdb", folder / "damaged.mdb", failed);
  if (failed)
    return make_error(error_code::invalid, folder.string()
                                             + ": setting a damaged journal aside: "
                                             + failed.message());
  return success();
}

bool node_storage::is_out_of_room() const {
  return storage::is_out_of_room(data_);
}

result<std::shared_ptr<storage::journal_store>> node_storage::open_journal() {
  {
    const std::lock_guard hold(mutex_);
    if (opened_)
      return std::exchange(opened_, nullptr);
  }
  auto opened = make_journal();
  if (!opened)
    return opened.problem();
  return std::shared_ptr<storage::journal_store>{std::move(*opened)};
}

result<std::unique_ptr<storage::journal>> node_storage::make_journal() const {
  // A folder that was not founded, or was deleted, gets a store id that nobody
  // knows: its replicas are ignored until an operator has them join (P19).
  const store_id fresh{edge::machine_entropy().next_id()};
  return storage::journal::open(journal_folder(data_), {cluster_, self_, fresh, 0}, {},
                                keys_.get());
}

std::shared_ptr<storage::state_home> node_storage::home_of(partition_id partition) {
  const std::lock_guard hold(mutex_);
  auto& home = homes_[partition];
  if (!home)
    home = std::make_shared<storage::lmdb_state_home>(
      state_folder(data_) / std::to_string(partition.value),
      [this, whose = storage::state_identity{cluster_, partition, identity_.store}](
        const auto& folder)
        -> result<std::unique_ptr<storage::state_backend>> {
        auto opened = storage::lmdb_state_backend::open(folder, whose, {}, keys_.get());
        if (!opened)
          return opened.problem();
        return std::unique_ptr<storage::state_backend>{std::move(*opened)};
      });
  return home;
}

result<std::vector<partition_id>> node_storage::partitions_on_disk() const {
  std::vector<partition_id> found;
  std::error_code failed;
  for (const auto& item : std::filesystem::directory_iterator{state_folder(data_), failed}) {
    const auto name = item.path().filename().string();
    partition_id::rep number = 0;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, number).ptr == end)
      found.push_back({number});
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    return make_error(error_code::invalid,
                      state_folder(data_).string() + ": " + failed.message());
  return found;
}

status node_storage::remove_state(partition_id partition) {
  if (auto gone = home_of(partition)->remove(); !gone)
    return gone;
  const std::lock_guard hold(mutex_);
  homes_.erase(partition);
  return success();
}

} // namespace present
