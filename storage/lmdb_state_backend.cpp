#include "storage/lmdb_state_backend.hpp"

#include "storage/log_codec.hpp"
#include "storage/record_codec.hpp"

#include <algorithm>

namespace present::storage {

namespace {

/// Kind and space of a key, for messages: the user's bytes stay out of logs.
std::string name_of(const record_key& key) {
  std::string name
    = "a record of kind " + std::to_string(static_cast<int>(key.kind()));
  if (key.kind() == record_kind::value)
    name += " in space " + std::to_string(key.space().value);
  return name;
}

/// Below all records, above what the folder says of itself.
const record_key& lowest_record() {
  static const auto lowest = record_key::start_of(record_kind::partition);
  return lowest;
}

} // namespace

// -- opening ---------------------------------------------------------------------

result<std::unique_ptr<lmdb_state_backend>>
lmdb_state_backend::open(const std::filesystem::path& folder,
                         const state_identity& wanted,
                         const lmdb_options& options) {
  auto env = lmdb_env::open(folder, options);
  if (!env)
    return env.problem();
  std::unique_ptr<lmdb_state_backend> opened{
    new lmdb_state_backend{std::move(*env)}};
  if (status ok = opened->adopt(wanted); !ok)
    return ok.problem();
  return opened;
}

status lmdb_state_backend::adopt(const state_identity& wanted) {
  identity_ = wanted;
  {
    auto txn = env_->read();
    if (!txn)
      return txn.problem();
    auto cursor = txn->cursor();
    if (!cursor)
      return cursor.problem();
    auto first = cursor->seek({});
    if (!first)
      return first.problem();
    if (*first)
      return check_identity(**first);
  }
  return create();
}

status lmdb_state_backend::create() {
  const auto key = state_keys::identity();
  const auto plain = encode_state_identity({state_format, identity_});
  // Sealed for its key alone: it is read to learn whose folder this is.
  std::string sealed(plain.size() + seal_.overhead(), '\0');
  seal_.close(key, plain, sealed.data());
  return env_->write([&](lmdb_write& txn) { return txn.put(key, sealed); });
}

status lmdb_state_backend::check_identity(const lmdb_row& first) const {
  const auto refuse = [&](error_code code, const std::string& what) -> status {
    return make_error(code, env_->file().string() + ": " + what);
  };
  if (first.key != state_keys::identity())
    return refuse(error_code::damaged, "holds data but no identity");
  auto plain = seal_.open(first.key, first.value);
  auto found = plain ? decode_state_identity(*plain) : plain.problem();
  if (!found)
    return refuse(error_code::damaged, "identity: " + found.problem().message);
  if (found->format > state_format)
    return refuse(error_code::invalid,
                  "written in format " + std::to_string(found->format)
                    + ", this program knows formats up to "
                    + std::to_string(state_format) + ": use a newer program");
  const auto& whose = found->whose;
  if (whose.cluster != identity_.cluster)
    return refuse(error_code::invalid, "belongs to cluster '" + whose.cluster
                                         + "', not to '" + identity_.cluster
                                         + "': use another data folder");
  if (whose.partition != identity_.partition)
    return refuse(error_code::invalid,
                  "belongs to partition "
                    + std::to_string(whose.partition.value) + ", not to "
                    + std::to_string(identity_.partition.value));
  if (whose.store != identity_.store)
    return refuse(error_code::invalid,
                  "belongs to store " + std::to_string(whose.store.value)
                    + ", not to " + std::to_string(identity_.store.value)
                    + ": the journal beside it was made anew; remove this "
                      "folder, the peers have its content");
  return success();
}

// -- sealed values ---------------------------------------------------------------

std::string lmdb_state_backend::place_of(std::string_view key) const {
  std::string place = std::to_string(identity_.store.value) + ':';
  place.append(key);
  return place;
}

status lmdb_state_backend::put_sealed(lmdb_write& txn, std::string_view key,
                                      std::string_view plain) const {
  auto room = txn.reserve(key, plain.size() + seal_.overhead());
  if (!room)
    return room.problem();
  seal_.close(place_of(key), plain, *room);
  return success();
}

result<record>
lmdb_state_backend::read_record(const record_key& key,
                                std::string_view stored) const {
  auto plain = seal_.open(place_of(key.bytes()), stored);
  auto read = plain ? decode_record(key, *plain) : plain.problem();
  if (!read)
    return make_error(error_code::damaged, env_->file().string() + ": "
                                             + name_of(key) + ": "
                                             + read.problem().message);
  return read;
}

// -- records ---------------------------------------------------------------------

result<std::optional<record>>
lmdb_state_backend::get(const record_key& key) const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto stored = txn->get(key.bytes());
  if (!stored)
    return stored.problem();
  if (!*stored)
    return std::optional<record>{};
  auto read = read_record(key, **stored);
  if (!read)
    return read.problem();
  return std::optional{std::move(*read)};
}

status lmdb_state_backend::scan(const record_key& first, const record_key& last,
                                const row_visitor& visit) const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  auto stored = cursor->seek(std::max(first, lowest_record()).bytes());
  for (; stored && *stored && (*stored)->key < last.bytes();
       stored = cursor->step()) {
    const auto key = record_key::parse((*stored)->key);
    if (!key)
      return make_error(error_code::damaged, env_->file().string()
                                               + ": a key of no known kind");
    auto read = read_record(*key, (*stored)->value);
    if (!read)
      return read.problem();
    if (!visit(row{*key, std::move(*read)}))
      return success();
  }
  return stored ? success() : status{stored.problem()};
}

status lmdb_state_backend::write(const checkpoint& what) {
  return env_->write([&](lmdb_write& txn) -> status {
    for (const auto& [key, change] : what.changes) {
      if (change) {
        if (status ok = put_sealed(txn, key.bytes(), encode_record(*change));
            !ok)
          return ok;
      } else if (auto erased = txn.erase(key.bytes()); !erased) {
        return erased.problem();
      }
    }
    return put_sealed(txn, state_keys::applied(), encode_mark(what.mark));
  });
}

result<raft::snapshot_mark> lmdb_state_backend::applied() const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  const auto key = state_keys::applied();
  auto stored = txn->get(key);
  if (!stored)
    return stored.problem();
  if (!*stored)
    return raft::snapshot_mark{};
  auto plain = seal_.open(place_of(key), **stored);
  auto mark = plain ? decode_mark(*plain) : plain.problem();
  if (!mark)
    return make_error(error_code::damaged, env_->file().string()
                                             + ": the applied mark: "
                                             + mark.problem().message);
  return mark;
}

} // namespace present::storage
