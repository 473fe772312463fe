#pragma once

#include "runtime/base/error.hpp"

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

/// One LMDB environment with one table, as values that close themselves and
/// errors that name the file. LMDB's types stay in this pair of files and its
/// users' .cpp.
///
/// Plain synchronous commits: when `commit` returns success the bytes are on the
/// disk. `MDB_NOSYNC` and its relatives don't occur.
///
/// A file is walked before it is mapped (lmdb_walk.hpp), and one that is cut short
/// while it is mapped ends the process with a line that names it (map_fault.hpp).
///
/// The map grows by itself, doubling up to `max_map_bytes`. LMDB can do that only
/// while no transaction is open in the process, so readers hold a shared lock
/// and growth takes it alone: don't keep a `lmdb_read` (P18).
namespace present::storage {

struct lmdb_options {
  std::uint64_t initial_map_bytes = 64ULL << 20;
  std::uint64_t max_map_bytes = 1ULL << 40;
  /// Transactions reading at the same time.
  unsigned max_readers = 126;
  /// Under this key each commit stores its own number, and an opening compares it
  /// with what the newer meta page says: so an older one that pretends to be the
  /// newer is `damaged`. (A newer one that pretends to be older can't be told from
  /// what LMDB leaves behind after a failed write; peers can tell it, P19.) Empty:
  /// neither.
  std::string number_key = {};
};

class lmdb_env;

/// A key and its bytes, inside the map: valid until the transaction's next write
/// or its end.
struct lmdb_row {
  std::string_view key;
  std::string_view value;
};

/// A position in the table. Valid within its transaction.
class lmdb_cursor {
public:
  /// The first row at or after `key`; nothing at the end.
  result<std::optional<lmdb_row>> seek(std::string_view key);
  result<std::optional<lmdb_row>> step();

private:
  friend class lmdb_read;
  friend class lmdb_write;
  struct closer {
    void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
  };
  lmdb_cursor(const lmdb_env& env, MDB_cursor* cursor)
      : env_(&env), cursor_(cursor) {}
  result<std::optional<lmdb_row>> move(MDB_val key, MDB_cursor_op how);

  const lmdb_env* env_;
  std::unique_ptr<MDB_cursor, closer> cursor_;
};

/// An immutable snapshot.
class lmdb_read {
public:
  result<std::optional<std::string_view>> get(std::string_view key) const;
  result<lmdb_cursor> cursor() const;
  /// How many there are.
  std::uint64_t rows() const;

private:
  friend class lmdb_env;
  struct aborter {
    void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
  };
  lmdb_read(const lmdb_env& env, std::shared_lock<std::shared_mutex> lock,
            MDB_txn* txn)
      : env_(&env), lock_(std::move(lock)), txn_(txn) {}

  const lmdb_env* env_;
  std::shared_lock<std::shared_mutex> lock_; ///< released after the transaction
  std::unique_ptr<MDB_txn, aborter> txn_;
};

/// The one writer. Aborts unless committed.
///
/// Rows that are put in order of key cost less: the place of the last one is
/// kept, and the next one is looked for there first.
class lmdb_write {
public:
  result<std::optional<std::string_view>> get(std::string_view key) const;
  result<lmdb_cursor> cursor() const;
  /// As `get`, and a `put` or `reserve` of the same key that follows is cheap.
  result<std::optional<std::string_view>> find(std::string_view key);
  status put(std::string_view key, std::string_view value);
  /// Room for a value of this size under `key`, to be filled before the next
  /// write: saves a copy.
  result<char*> reserve(std::string_view key, std::size_t bytes);
  /// False if there was no such key.
  result<bool> erase(std::string_view key);
  /// Erases [first, last); how many rows that were.
  result<std::uint64_t> erase_range(std::string_view first,
                                    std::string_view last);
  /// Of this transaction, once it is committed: 1 is the first ever.
  std::uint64_t number() const { return mdb_txn_id(txn_.get()); }
  status commit();

private:
  friend class lmdb_env;
  struct aborter {
    void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
  };
  lmdb_write(lmdb_env& env, std::shared_lock<std::shared_mutex> lock,
             MDB_txn* txn)
      : env_(&env), lock_(std::move(lock)), txn_(txn) {}

  error fail(int code, std::string_view doing) const;
  status open_place();
  status put_at_place(std::string_view key, MDB_val& value, unsigned flags);

  lmdb_env* env_;
  std::shared_lock<std::shared_mutex> lock_;
  std::unique_ptr<MDB_txn, aborter> txn_;
  MDB_cursor* place_ = nullptr; ///< the transaction frees it
};

class lmdb_env {
public:
  /// Opens or creates the folder `path` (its parent must exist). Errors:
  /// `damaged` if the file isn't LMDB's, sound and whole, `disk_full`, `invalid`
  /// for anything else about the path (permissions, no folder).
  static result<std::unique_ptr<lmdb_env>> open(
    const std::filesystem::path& path, const lmdb_options& options = {});

  ~lmdb_env();
  lmdb_env(const lmdb_env&) = delete;
  lmdb_env& operator=(const lmdb_env&) = delete;

  result<lmdb_read> read() const;

  /// Runs `body` and commits if it succeeded. A full map is grown and the body
  /// run again, so it must be repeatable. An error of the body is passed on.
  status write(const std::function<status(lmdb_write&)>& body);

  const std::filesystem::path& file() const { return file_; }

  /// How many commits the file has seen.
  std::uint64_t commits() const;

  /// What LMDB said while `doing` ("writing", "reading"), as our error.
  error problem(int code, std::string_view doing) const;

private:
  lmdb_env() = default;
  status open_file(const std::filesystem::path& path);
  status open_table();
  status check_number() const;
  result<lmdb_write> begin_write();
  status write_once(const std::function<status(lmdb_write&)>& body);
  status grow();

  std::filesystem::path file_;
  std::string name_; ///< the file's, for LMDB's own last words
  lmdb_options options_;
  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
  std::uint64_t map_bytes_ = 0; ///< changed under `map_` alone
  bool map_was_full_ = false;   ///< the writer's
  mutable std::shared_mutex map_; ///< shared: a transaction is open
  friend class lmdb_read;
  friend class lmdb_write;
};

} // namespace present::storage
