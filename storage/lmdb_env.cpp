#include "storage/lmdb_env.hpp"

#include "storage/disk_room.hpp"
#include "storage/lmdb_walk.hpp"
#include "storage/map_fault.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <system_error>


namespace present::storage {

namespace {

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& bytes) {
  return {static_cast<const char*>(bytes.mv_data), bytes.mv_size};
}

error_code code_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case MDB_MAP_FULL:
      return error_code::disk_full;
    case MDB_READERS_FULL:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return error_code::overloaded;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_BAD_TXN:
    case EIO:
      return error_code::damaged;
    default:
      return error_code::invalid;
  }
}

result<std::optional<lmdb_row>> not_found() {
  return std::optional<lmdb_row>{};
}

/// LMDB has found itself in a state that can't be, and aborts on return.
void say_last_words(MDB_env* env, const char* what) {
  std::fprintf(stderr, "present: %s: LMDB gives up: %s\n",
               static_cast<const char*>(mdb_env_get_userctx(env)), what);
}

std::string bytes_of(std::uint64_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

} // namespace

// -- cursor ----------------------------------------------------------------------

result<std::optional<lmdb_row>> lmdb_cursor::move(MDB_val key,
                                                  MDB_cursor_op how) {
  MDB_val value{};
  const int code = mdb_cursor_get(cursor_.get(), &key, &value, how);
  if (code == MDB_NOTFOUND)
    return not_found();
  if (code != MDB_SUCCESS)
    return env_->problem(code, "reading");
  return std::optional{lmdb_row{to_view(key), to_view(value)}};
}

result<std::optional<lmdb_row>> lmdb_cursor::seek(std::string_view key) {
  if (key.empty())
    return move({}, MDB_FIRST);
  return move(to_val(key), MDB_SET_RANGE);
}

result<std::optional<lmdb_row>> lmdb_cursor::step() {
  return move({}, MDB_NEXT);
}

// -- read ------------------------------------------------------------------------

result<std::optional<std::string_view>>
lmdb_read::get(std::string_view key) const {
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_get(txn_.get(), env_->table_, &wanted, &value);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != MDB_SUCCESS)
    return env_->problem(code, "reading");
  return std::optional{to_view(value)};
}

result<lmdb_cursor> lmdb_read::cursor() const {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(txn_.get(), env_->table_, &cursor);
  if (code != MDB_SUCCESS)
    return env_->problem(code, "reading");
  return lmdb_cursor{*env_, cursor};
}

std::uint64_t lmdb_read::rows() const {
  MDB_stat table{};
  mdb_stat(txn_.get(), env_->table_, &table);
  return table.ms_entries;
}

// -- write -----------------------------------------------------------------------

error lmdb_write::fail(int code, std::string_view doing) const {
  if (code == MDB_MAP_FULL)
    env_->map_was_full_ = true;
  return env_->problem(code, doing);
}

result<std::optional<std::string_view>>
lmdb_write::get(std::string_view key) const {
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_get(txn_.get(), env_->table_, &wanted, &value);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != MDB_SUCCESS)
    return fail(code, "reading");
  return std::optional{to_view(value)};
}

result<lmdb_cursor> lmdb_write::cursor() const {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(txn_.get(), env_->table_, &cursor);
  if (code != MDB_SUCCESS)
    return fail(code, "reading");
  return lmdb_cursor{*env_, cursor};
}

status lmdb_write::open_place() {
  if (place_)
    return success();
  const int code = mdb_cursor_open(txn_.get(), env_->table_, &place_);
  if (code != MDB_SUCCESS)
    return fail(code, "writing");
  return success();
}

result<std::optional<std::string_view>>
lmdb_write::find(std::string_view key) {
  if (status ok = open_place(); !ok)
    return ok.problem();
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_cursor_get(place_, &wanted, &value, MDB_SET_KEY);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != MDB_SUCCESS)
    return fail(code, "reading");
  return std::optional{to_view(value)};
}

status lmdb_write::put_at_place(std::string_view key, MDB_val& value,
                                unsigned flags) {
  if (status ok = open_place(); !ok)
    return ok;
  MDB_val where = to_val(key);
  const int code = mdb_cursor_put(place_, &where, &value, flags);
  if (code != MDB_SUCCESS)
    return fail(code, "writing");
  return success();
}

status lmdb_write::put(std::string_view key, std::string_view value) {
  MDB_val what = to_val(value);
  return put_at_place(key, what, 0);
}

result<char*> lmdb_write::reserve(std::string_view key, std::size_t bytes) {
  MDB_val room{bytes, nullptr};
  if (status ok = put_at_place(key, room, MDB_RESERVE); !ok)
    return ok.problem();
  return static_cast<char*>(room.mv_data);
}

result<bool> lmdb_write::erase(std::string_view key) {
  MDB_val where = to_val(key);
  const int code = mdb_del(txn_.get(), env_->table_, &where, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  if (code != MDB_SUCCESS)
    return fail(code, "erasing");
  return true;
}

result<std::uint64_t> lmdb_write::erase_range(std::string_view first,
                                              std::string_view last) {
  auto range = cursor();
  if (!range)
    return range.problem();
  std::uint64_t erased = 0;
  while (true) {
    // After a deletion the cursor may stand on the next row or before it, so
    // each round seeks.
    auto row = range->seek(first);
    if (!row)
      return row.problem();
    if (!*row || (*row)->key >= last)
      return erased;
    const int code = mdb_cursor_del(range->cursor_.get(), 0);
    if (code != MDB_SUCCESS)
      return fail(code, "erasing");
    ++erased;
  }
}

status lmdb_write::commit() {
  // Whatever it returns, LMDB has freed the transaction.
  const int code = mdb_txn_commit(txn_.release());
  // It says EIO, not ENOSPC, where a write of several pages came to an end in the middle
  // ("short write, filesystem full?" in its source). Nothing else that fails of EIO is
  // made less of by this: its transaction is undone, and a meta page that failed ends the
  // environment.
  if (code == EIO && is_out_of_room(env_->file_))
    return fail(ENOSPC, "committing");
  if (code != MDB_SUCCESS)
    return fail(code, "committing");
  return success();
}

// -- environment -----------------------------------------------------------------

result<std::unique_ptr<lmdb_env>>
lmdb_env::open(const std::filesystem::path& path, const lmdb_options& options) {
  report_map_faults();
  std::unique_ptr<lmdb_env> env{new lmdb_env};
  env->file_ = path / "data.mdb";
  env->name_ = env->file_.string();
  env->options_ = options;
  std::error_code failed;
  std::filesystem::create_directory(path, failed);
  if (failed)
    return make_error(error_code::invalid, path.string() + ": can't create the "
                                             "folder: "
                                             + failed.message());
  if (auto walked = walk_lmdb_file(env->file_); !walked)
    return walked.problem();
  if (status ok = env->open_file(path); !ok)
    return ok.problem();
  if (status ok = env->open_table(); !ok)
    return ok.problem();
  if (status ok = env->check_number(); !ok)
    return ok.problem();
  return env;
}

status lmdb_env::open_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto present = std::filesystem::file_size(file_, failed);
  // A file longer than the map would be opened with a map of its own size.
  map_bytes_
    = std::max<std::uint64_t>(options_.initial_map_bytes, failed ? 0 : present);
  int code = mdb_env_create(&env_);
  if (code == MDB_SUCCESS)
    code = mdb_env_set_userctx(env_, name_.data());
  if (code == MDB_SUCCESS)
    code = mdb_env_set_assert(env_, say_last_words);
  if (code == MDB_SUCCESS)
    code = mdb_env_set_mapsize(env_, map_bytes_);
  if (code == MDB_SUCCESS)
    code = mdb_env_set_maxreaders(env_, options_.max_readers);
  // MDB_NOTLS: a read belongs to its object, not to its thread.
  if (code == MDB_SUCCESS)
    code = mdb_env_open(env_, path.c_str(), MDB_NOTLS, 0600);
  return code == MDB_SUCCESS ? success() : status{problem(code, "opening")};
}

/// The unnamed table always exists; opening it needs a transaction all the same.
status lmdb_env::open_table() {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code != MDB_SUCCESS)
    return problem(code, "opening");
  code = mdb_dbi_open(txn, nullptr, 0, &table_);
  if (code != MDB_SUCCESS) {
    mdb_txn_abort(txn);
    return problem(code, "opening");
  }
  mdb_txn_commit(txn);
  return success();
}

std::uint64_t lmdb_env::commits() const {
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_last_txnid;
}

status lmdb_env::check_number() const {
  if (options_.number_key.empty() || commits() == 0)
    return success();
  auto txn = read();
  if (!txn)
    return txn.problem();
  auto stored = txn->get(options_.number_key);
  if (!stored)
    return stored.problem();
  if (*stored && **stored == bytes_of(commits()))
    return success();
  return make_error(error_code::damaged,
                    name_ + ": its meta page speaks of commit "
                      + std::to_string(commits())
                      + ", and its rows are of another");
}

lmdb_env::~lmdb_env() {
  if (env_)
    mdb_env_close(env_);
}

result<lmdb_read> lmdb_env::read() const {
  std::shared_lock lock{map_};
  MDB_txn* txn = nullptr;
  const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code != MDB_SUCCESS)
    return problem(code, "reading");
  return lmdb_read{*this, std::move(lock), txn};
}

result<lmdb_write> lmdb_env::begin_write() {
  std::shared_lock lock{map_};
  MDB_txn* txn = nullptr;
  const int code = mdb_txn_begin(env_, nullptr, 0, &txn);
  if (code != MDB_SUCCESS)
    return problem(code, "writing");
  return lmdb_write{*this, std::move(lock), txn};
}

status lmdb_env::write_once(const std::function<status(lmdb_write&)>& body) {
  auto txn = begin_write();
  if (!txn)
    return txn.problem();
  if (status done = body(*txn); !done)
    return done;
  if (!options_.number_key.empty())
    if (status ok = txn->put(options_.number_key, bytes_of(txn->number())); !ok)
      return ok;
  return txn->commit();
}

status lmdb_env::write(const std::function<status(lmdb_write&)>& body) {
  while (true) {
    map_was_full_ = false;
    status done = write_once(body);
    if (done || !map_was_full_)
      return done;
    if (status grown = grow(); !grown)
      return grown;
  }
}

status lmdb_env::grow() {
  std::unique_lock lock{map_};
  if (map_bytes_ >= options_.max_map_bytes)
    return make_error(error_code::disk_full,
                      file_.string() + ": the map has reached its limit of "
                        + std::to_string(options_.max_map_bytes)
                        + " bytes: free some or raise the limit");
  const auto wanted = std::min(2 * map_bytes_, options_.max_map_bytes);
  const int code = mdb_env_set_mapsize(env_, wanted);
  if (code != MDB_SUCCESS)
    return problem(code, "growing the map to " + std::to_string(wanted)
                           + " bytes");
  map_bytes_ = wanted;
  return success();
}

error lmdb_env::problem(int code, std::string_view doing) const {
  return make_error(code_of(code), file_.string() + ": " + std::string{doing}
                                     + ": " + mdb_strerror(code));
}

} // namespace present::storage
