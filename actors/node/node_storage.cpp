#include "actors/node/node_storage.hpp"

#include "actors/node/node.hpp"
#include "runtime/edge/entropy.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "storage/lmdb_state_home.hpp"

namespace present {

namespace {

std::filesystem::path journal_folder(const std::filesystem::path& data) {
  return data / "journal";
}

} // namespace

status found_store(const std::filesystem::path& data, const std::string& cluster,
                   node_id node, store_id store, const std::filesystem::path& storage_key) {
  const auto folder = journal_folder(data);
  if (std::filesystem::exists(folder))
    return make_error(error_code::invalid,
                      folder.string() + ": exists; a store is founded once, in an empty folder");
  std::error_code failed;
  std::filesystem::create_directories(data, failed);
  if (failed)
    return make_error(error_code::invalid, data.string() + ": " + failed.message());
  if (!std::filesystem::exists(storage_key))
    if (auto made = storage::key_file::create(storage_key); !made)
      return made;
  auto keys = storage::key_file::open(storage_key);
  if (!keys)
    return keys.problem();
  auto made = storage::journal::open(folder, {cluster, node, store, 0}, {}, keys->get());
  if (!made)
    return made.problem();
  return success();
}

node_storage::node_storage(const node_config& config)
    : data_(config.data), cluster_(config.cluster), self_(config.self),
      storage_key_(config.storage_key) {
}

status node_storage::open() {
  auto keys = storage::key_file::open(storage_key_);
  if (!keys)
    return keys.problem();
  keys_ = std::move(*keys);
  auto opened = open_journal();
  if (!opened)
    return opened.problem();
  identity_ = (*opened)->identity();
  const std::lock_guard hold(mutex_);
  opened_ = std::move(*opened);
  return success();
}

result<std::shared_ptr<storage::journal_store>> node_storage::open_journal() {
  {
    const std::lock_guard hold(mutex_);
    if (opened_)
      return std::exchange(opened_, nullptr);
  }
  std::error_code failed;
  std::filesystem::create_directories(data_, failed);
  if (failed)
    return make_error(error_code::invalid, data_.string() + ": " + failed.message());
  // A folder that was not founded, or was deleted, gets a store id that nobody
  // knows: its replicas are ignored until an operator has them join (P19).
  const store_id fresh{edge::machine_entropy().next_id()};
  auto opened = storage::journal::open(journal_folder(data_), {cluster_, self_, fresh, 0}, {},
                                       keys_.get());
  if (!opened)
    return opened.problem();
  return std::shared_ptr<storage::journal_store>{std::move(*opened)};
}

std::shared_ptr<storage::state_home> node_storage::home_of(partition_id partition) {
  const std::lock_guard hold(mutex_);
  auto& home = homes_[partition];
  if (!home)
    home = std::make_shared<storage::lmdb_state_home>(
      data_ / "state" / std::to_string(partition.value),
      [this, whose = storage::state_identity{cluster_, partition}](const auto& folder)
        -> result<std::unique_ptr<storage::state_backend>> {
        auto opened = storage::lmdb_state_backend::open(folder, whose, {}, keys_.get());
        if (!opened)
          return opened.problem();
        return std::unique_ptr<storage::state_backend>{std::move(*opened)};
      });
  return home;
}

} // namespace present
