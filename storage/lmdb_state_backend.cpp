#include "storage/lmdb_state_backend.hpp"

#include "storage/log_codec.hpp"
#include "storage/record_codec.hpp"

#include <algorithm>
#include <cstring>

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

// -- opening ---------------------------------------------------------------------

result<stored_owner> adopt(const std::optional<std::string>& found,
                           const state_identity& wanted) {
  const auto refuse = [](error_code code, std::string why) -> result<stored_owner> {
    return make_error(code, std::move(why));
  };
  const auto text = [](auto id) { return std::to_string(id.value); };
  if (!found)
    return stored_owner{encode_state_identity({state_format, wanted}), wanted.store};
  auto read = decode_state_identity(*found);
  if (!read)
    return refuse(error_code::damaged, "identity: " + read.problem().message);
  if (auto refused = refusal_of_format(read->format, state_format))
    return *refused;
  const auto& whose = read->whose;
  if (auto refused = refusal_of_cluster(whose.cluster, wanted.cluster))
    return *refused;
  if (whose.partition != wanted.partition)
    return refuse(error_code::invalid, "belongs to partition " + text(whose.partition)
                                         + ", not to " + text(wanted.partition));
  if (whose.store != wanted.store)
    return refuse(error_code::too_old,
                  "belongs to store " + text(whose.store) + ", not to "
                    + text(wanted.store)
                    + ": the journal beside it was made anew; the peers have what "
                      "it holds");
  return stored_owner{*found, wanted.store};
}

} // namespace

result<std::unique_ptr<lmdb_state_backend>>
lmdb_state_backend::open(const std::filesystem::path& folder,
                         const state_identity& wanted,
                         const lmdb_options& options,
                         const key_provider* keys) {
  auto env = sealed_env::open(
    folder, {state_keys::identity(), "state", options, keys},
    [&](const auto& found) { return adopt(found, wanted); });
  if (!env)
    return env.problem();
  std::unique_ptr<lmdb_state_backend> opened{
    new lmdb_state_backend{std::move(*env)}};
  if (status ok = opened->read_digest(); !ok)
    return ok.problem();
  return opened;
}

status lmdb_state_backend::read_digest() {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  const auto key = state_keys::digest();
  auto stored = txn->get(key);
  auto mark = txn->get(state_keys::applied());
  if (!stored || !mark)
    return !stored ? stored.problem() : mark.problem();
  if (!*stored && !*mark)
    return success(); // before the first checkpoint
  auto plain = *stored ? env_->unseal({key, **stored})
                       : make_error(error_code::damaged, "missing");
  auto digest = plain ? decode_state_digest(*plain) : plain.problem();
  if (!digest)
    return damaged("the digests", digest.problem());
  digest_ = *digest;
  return success();
}

// -- sealed values ---------------------------------------------------------------

error lmdb_state_backend::damaged(const std::string& what,
                                  const error& why) const {
  return env_->named(error_code::damaged, what + ": " + why.message);
}

result<lmdb_state_backend::plain_row>
lmdb_state_backend::open_row(const record_key& key,
                             std::string_view stored) const {
  auto plain = env_->unseal({key.bytes(), stored});
  if (!plain)
    return damaged(name_of(key), plain.problem());
  std::uint64_t digest = 0;
  if (plain->size() < sizeof digest)
    return damaged(name_of(key), make_error(error_code::damaged, "too short"));
  std::memcpy(&digest, plain->data(), sizeof digest);
  return plain_row{digest, std::move(*plain)};
}

result<record>
lmdb_state_backend::read_record(const record_key& key,
                                std::string_view stored) const {
  auto row = open_row(key, stored);
  if (!row)
    return row.problem();
  auto read = decode_record(
    key, std::string_view{row->bytes}.substr(sizeof row->digest));
  if (!read)
    return damaged(name_of(key), read.problem());
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
      return damaged("a key", make_error(error_code::damaged, "no known kind"));
    auto read = read_record(*key, (*stored)->value);
    if (!read)
      return read.problem();
    if (!visit(row{*key, std::move(*read)}))
      return success();
  }
  return stored ? success() : status{stored.problem()};
}

status lmdb_state_backend::write(const checkpoint& what) {
  sums after;
  status done = env_->write([&](lmdb_write& txn) -> status {
    after = {digest_, pass_};
    for (const auto& [key, change] : what.changes)
      if (status ok = write_change(txn, after, key, change); !ok)
        return ok;
    if (status ok = env_->put(txn, state_keys::digest(),
                               encode_state_digest(after.digest));
        !ok)
      return ok;
    return env_->put(txn, state_keys::applied(), encode_mark(what.mark));
  });
  if (done) {
    digest_ = after.digest;
    pass_ = std::move(after.pass);
  }
  return done;
}

status
lmdb_state_backend::write_change(lmdb_write& txn, sums& after,
                                 const record_key& key,
                                 const std::optional<record>& change) const {
  std::optional<std::uint64_t> old_digest;
  std::optional<std::uint64_t> new_digest;
  auto stored = txn.find(key.bytes());
  if (!stored)
    return stored.problem();
  if (*stored) {
    // A damaged row can't be taken out of the sum: the state is rebuilt.
    auto old = open_row(key, **stored);
    if (!old)
      return old.problem();
    old_digest = old->digest;
  }
  if (change) {
    const auto digest = digest_of(key, *change);
    char head[sizeof digest];
    std::memcpy(head, &digest, sizeof digest);
    if (status ok = env_->put(txn, key.bytes(), {head, sizeof head},
                               encode_record(*change));
        !ok)
      return ok;
    new_digest = digest;
  } else if (*stored) {
    if (auto erased = txn.erase(key.bytes()); !erased)
      return erased.problem();
  }
  after.digest.change(key, old_digest, new_digest);
  after.pass.on_change(key, old_digest, new_digest);
  return success();
}

result<scrub_report> lmdb_state_backend::scrub(std::size_t max_rows) {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  scrub_report report;
  auto stored = cursor->seek(pass_.position().bytes());
  for (; stored && *stored && report.rows < max_rows; stored = cursor->step()) {
    ++report.rows;
    const auto key = record_key::parse((*stored)->key);
    if (!key)
      return damaged("a key", make_error(error_code::damaged, "no known kind"));
    if (auto row = open_row(*key, (*stored)->value)) {
      pass_.on_row(*key, row->digest);
    } else {
      report.damaged.push_back(*key);
      pass_.on_damaged(*key);
    }
  }
  if (!stored)
    return stored.problem();
  report.pass_complete = !*stored;
  if (report.pass_complete)
    report.wrong_buckets = pass_.on_end(digest_);
  return report;
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
  auto plain = env_->unseal({key, **stored});
  auto mark = plain ? decode_mark(*plain) : plain.problem();
  if (!mark)
    return damaged("the applied mark", mark.problem());
  return mark;
}

} // namespace present::storage
