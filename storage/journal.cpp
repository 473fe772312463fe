#include "storage/journal.hpp"

#include "storage/keys.hpp"
#include "storage/log_codec.hpp"

#include <algorithm>
#include <limits>

namespace present::storage {

namespace {

constexpr log_index last_possible{std::numeric_limits<log_index::rep>::max()};

/// The lowest key above all entries of a partition; entries are the last kind.
std::string end_of_entries(partition_id partition) {
  return journal_keys::entry(partition, last_possible) + '\0';
}

std::string at_index(log_index index) {
  return "the entry at index " + std::to_string(index.value);
}

} // namespace

// -- opening ---------------------------------------------------------------------

result<std::unique_ptr<journal>>
journal::open(const std::filesystem::path& folder, const store_identity& wanted,
              const lmdb_options& options, const key_provider* keys) {
  std::unique_ptr<journal> opened{new journal};
  auto env = sealed_env::open(
    folder, {journal_keys::identity(), "journal", options, keys},
    [&](const auto& found) { return opened->adopt(found, wanted); });
  if (!env)
    return env.problem();
  opened->env_ = std::move(*env);
  return opened;
}

/// The folder's own identity counts, with the next boot.
result<stored_owner> journal::adopt(const std::optional<std::string>& found,
                                    const store_identity& wanted) {
  identity_ = wanted;
  identity_.boot = 0;
  if (found) {
    auto read = decode_identity(*found);
    if (!read)
      return make_error(error_code::damaged, "identity: " + read.problem().message);
    if (auto refused = refusal_of_format(read->format, journal_format))
      return *refused;
    if (auto refused = refusal_of_cluster(read->who.cluster, wanted.cluster))
      return *refused;
    if (read->who.node != wanted.node)
      return make_error(error_code::invalid,
                        "belongs to node " + std::to_string(read->who.node.value)
                          + ", not to node " + std::to_string(wanted.node.value)
                          + ": use that node's own data folder");
    identity_ = read->who;
  }
  ++identity_.boot;
  return stored_owner{encode_identity({journal_format, identity_}), identity_.store};
}

error journal::damaged_at(partition_id partition,
                          const std::string& what) const {
  return env_->named(error_code::damaged, name_of(partition) + ": " + what);
}

// -- reading ---------------------------------------------------------------------

status journal::check_own_word() const {
  const auto all = partitions();
  if (!all)
    return all.problem();
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  for (const auto partition : *all)
    if (const auto head = read_head(*txn, partition); !head)
      return head.problem();
  // Whoever has entries has given its word, and it should be there.
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  auto row = cursor->seek(journal_keys::entry({0}, {0}));
  while (row && *row) {
    const auto partition = journal_keys::partition_of_entry((*row)->key);
    if (!partition)
      break;
    if (const auto head = read_head(*txn, *partition); !head)
      return head.problem();
    row = cursor->seek(end_of_entries(*partition));
  }
  if (!row)
    return row.problem();
  const auto map = read_map();
  return map ? success() : status{map.problem()};
}

result<std::vector<partition_id>> journal::partitions() const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  std::vector<partition_id> all;
  auto row = cursor->seek(journal_keys::hard_state({0}));
  for (; row && *row; row = cursor->step()) {
    const auto partition = journal_keys::partition_of((*row)->key);
    if (!partition)
      break;
    all.push_back(*partition);
  }
  if (!row)
    return row.problem();
  return all;
}

result<std::optional<journal::head>>
journal::read_head(const lmdb_read& txn, partition_id partition) const {
  head found;
  const auto mark_key = journal_keys::snapshot(partition);
  auto mark = txn.get(mark_key);
  if (!mark)
    return mark.problem();
  if (*mark) {
    auto plain = env_->unseal({mark_key, **mark});
    auto read = plain ? decode_mark(*plain) : plain.problem();
    if (!read)
      return damaged_at(partition, "its mark: " + read.problem().message);
    found.mark = std::move(*read);
  }
  const auto hard_key = journal_keys::hard_state(partition);
  auto hard = txn.get(hard_key);
  if (!hard)
    return hard.problem();
  if (!*hard) {
    // Each write stores it, so without it there is nothing else either.
    auto cursor = txn.cursor();
    if (!cursor)
      return cursor.problem();
    auto row = cursor->seek(journal_keys::entry(partition, {0}));
    if (!row)
      return row.problem();
    if (*mark || (*row && journal_keys::index_of((*row)->key, partition)))
      return damaged_at(partition, "term and vote are missing");
    return std::optional<head>{};
  }
  auto plain = env_->unseal({hard_key, **hard});
  auto read = plain ? decode_hard_state(*plain) : plain.problem();
  if (!read)
    return damaged_at(partition, "term and vote: " + read.problem().message);
  found.hard = read->hard;
  found.extent = {{found.mark.index, found.mark.at_term},
                  read->tail,
                  read->promised};
  return std::optional{std::move(found)};
}

result<log_extent> journal::extent_of(partition_id partition) const {
  if (const auto known = extents_.find(partition); known != extents_.end())
    return known->second;
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto found = read_head(*txn, partition);
  if (!found)
    return found.problem();
  return *found ? (*found)->extent : log_extent{};
}

result<raft::entry>
journal::read_entry(partition_id partition, log_index index,
                    const std::optional<lmdb_row>& stored) const {
  if (!stored || journal_keys::index_of(stored->key, partition) != index)
    return damaged_at(partition, at_index(index) + " is missing");
  auto plain = env_->unseal(*stored);
  auto read = plain ? decode_entry(index, *plain) : plain.problem();
  if (!read)
    return damaged_at(partition,
                      at_index(index) + ": " + read.problem().message);
  return read;
}

result<std::vector<raft::witnessed>> journal::witnesses(partition_id partition) const {
  const auto txn = env_->read();
  if (!txn)
    return txn.problem();
  const auto key = journal_keys::witnesses(partition);
  const auto stored = txn->get(key);
  if (!stored)
    return stored.problem();
  if (!*stored)
    return std::vector<raft::witnessed>{};
  const auto plain = env_->unseal({key, **stored});
  if (!plain)
    return plain.problem();
  return decode_witnesses(*plain);
}

result<raft::recovered_state> journal::recover(partition_id partition) {
  chains_.erase(partition);
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto start = read_head(*txn, partition);
  if (!start)
    return start.problem();
  if (!*start)
    return raft::recovered_state{};
  auto extent = (*start)->extent;
  raft::recovered_state found{(*start)->hard, std::move((*start)->mark)};
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  auto intact = extent.base;
  auto row = cursor->seek(journal_keys::entry(partition, next(intact.index)));
  while (intact.index < extent.tail.index) {
    if (!row)
      return row.problem();
    auto entry = read_entry(partition, next(intact.index), *row);
    if (!entry)
      break; // rule 15: kept in mind as `promised`
    intact = {entry->index, entry->at_term};
    found.entries.push_back(std::move(*entry));
    row = cursor->step();
  }
  extent = cut_back(extent, intact);
  found.promised = extent.promised;
  extents_[partition] = extent;
  return found;
}

result<std::vector<raft::entry>>
journal::load(partition_id partition, log_index first,
              std::uint64_t max_bytes) const {
  auto extent = extent_of(partition);
  if (!extent)
    return extent.problem();
  std::vector<raft::entry> found;
  if (extent->tail.index < first)
    return found;
  if (first <= extent->base.index)
    return behind_mark(partition, first, extent->base.index);
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  std::uint64_t bytes = 0;
  auto row = cursor->seek(journal_keys::entry(partition, first));
  for (auto index = first; index <= extent->tail.index
                           && (found.empty() || bytes < max_bytes);
       index = next(index)) {
    if (!row)
      return row.problem();
    auto entry = read_entry(partition, index, *row);
    if (!entry && found.empty())
      return entry.problem();
    if (!entry)
      break;
    bytes += entry->payload ? entry->payload->size() : 0;
    found.push_back(std::move(*entry));
    row = cursor->step();
  }
  return found;
}

result<log_scrub_report> journal::scrub(partition_id partition, log_index from,
                                        std::uint64_t max_bytes) const {
  auto extent = extent_of(partition);
  if (!extent)
    return extent.problem();
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  log_scrub_report report;
  auto index = std::max(from, next(extent->base.index));
  for (std::uint64_t bytes = 0; index <= extent->tail.index && bytes < max_bytes;
       index = next(index)) {
    const auto key = journal_keys::entry(partition, index);
    auto stored = txn->get(key);
    if (!stored)
      return stored.problem();
    std::optional<lmdb_row> row;
    if (*stored)
      row = lmdb_row{key, **stored};
    if (!read_entry(partition, index, row))
      report.damaged.push_back(index);
    bytes += row ? row->value.size() : 1;
  }
  if (index <= extent->tail.index)
    report.next = index;
  return report;
}

// -- writing ---------------------------------------------------------------------

std::vector<status> journal::append(std::span<const journal_write> batch) {
  auto judged = admit(batch, chains_,
                      [&](partition_id partition) { return extent_of(partition); });
  const auto write_all = [&](lmdb_write& txn) -> status {
    for (const auto& step : judged.steps)
      if (status ok = write_one(txn, batch[step.place], step.before, step.after); !ok)
        return ok;
    return success();
  };
  const status done = judged.steps.empty() ? success() : commit(write_all);
  if (done)
    for (const auto& [partition, extent] : judged.extents)
      extents_[partition] = extent;
  settle(judged, done, chains_);
  return std::move(judged.answers);
}

status journal::write_one(lmdb_write& txn, const journal_write& write,
                          const log_extent& before,
                          const log_extent& after) const {
  const auto partition = write.partition;
  const auto erase = [&](log_index first, const std::string& last) -> status {
    auto erased = txn.erase_range(journal_keys::entry(partition, first), last);
    return erased ? success() : status{erased.problem()};
  };
  if (moves_base(before, write)) {
    const auto& mark = *write.base;
    const bool all = write.drop_tail || before.tail.index <= mark.index;
    if (status ok = env_->put(txn, journal_keys::snapshot(partition),
                               encode_mark(mark));
        !ok)
      return ok;
    if (status ok
        = erase({0}, all ? end_of_entries(partition)
                         : journal_keys::entry(partition, next(mark.index)));
        !ok)
      return ok;
  }
  if (!write.entries.empty()) {
    const auto first = write.entries.front().index;
    // Behind a hole there may be entries that the tail doesn't count (J3).
    const bool holed = before.promised != raft::log_position{};
    if (first <= before.tail.index || holed)
      if (status ok = erase(first, end_of_entries(partition)); !ok)
        return ok;
  }
  for (const auto& entry : write.entries)
    if (status ok = env_->put(txn, journal_keys::entry(partition, entry.index),
                               encode_entry_head(entry), body_of(entry));
        !ok)
      return ok;
  if (write.witnesses)
    if (status ok = env_->put(txn, journal_keys::witnesses(partition),
                               encode_witnesses(*write.witnesses));
        !ok)
      return ok;
  return env_->put(
    txn, journal_keys::hard_state(partition),
    encode_hard_state({write.hard, after.tail, after.promised}));
}

status journal::leave(partition_id partition) {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto found = read_head(*txn, partition);
  if (!found)
    return found.problem();
  if (!*found)
    return success();
  const auto left = emptied((*found)->extent);
  status done = commit([&](lmdb_write& write) -> status {
    for (const auto& key : {journal_keys::snapshot(partition),
                            journal_keys::witnesses(partition)})
      if (auto erased = write.erase(key); !erased)
        return erased.problem();
    if (auto erased = write.erase_range(journal_keys::entry(partition, {0}),
                                        end_of_entries(partition));
        !erased)
      return erased.problem();
    return env_->put(
      write, journal_keys::hard_state(partition),
      encode_hard_state({(*found)->hard, left.tail, left.promised}));
  });
  if (done) {
    extents_[partition] = left;
    chains_.erase(partition);
  }
  return done;
}

// -- the map -----------------------------------------------------------------------

result<std::optional<std::string>> journal::read_map() const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  const auto key = journal_keys::map();
  auto stored = txn->get(key);
  if (!stored)
    return stored.problem();
  if (!*stored)
    return std::optional<std::string>{};
  auto plain = env_->unseal({key, **stored});
  if (!plain)
    return env_->named(error_code::damaged, "the cluster's map: " + plain.problem().message);
  return std::optional{std::move(*plain)};
}

status journal::write_map(const std::string& map) {
  return commit([&](lmdb_write& txn) { return env_->put(txn, journal_keys::map(), map); });
}

status journal::commit(const std::function<status(lmdb_write&)>& body) {
  if (refusing_)
    return refused_after_failure();
  status done = env_->write(body);
  if (!done) {
    const auto code = done.problem().code;
    refusing_
      = code != error_code::disk_full && code != error_code::overloaded;
  }
  return done;
}

} // namespace present::storage
