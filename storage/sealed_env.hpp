#pragma once

#include "runtime/base/ids.hpp"
#include "storage/key_provider.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/seal.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// An LMDB environment of ours, as the journal and each state have one: its first
/// value says whose it is and of which format, each commit has its number among the
/// rows (lmdb_env.hpp), and all other values are sealed for their place.
namespace present::storage {

/// Whose an environment is, as it stands in it.
struct stored_owner {
  std::string bytes; ///< by the codec of whoever opens it
  store_id store;    ///< part of each value's place
};

class sealed_env {
public:
  /// Looks at the owner that was found, as bytes (nothing: the folder is new), and
  /// says with which one to go on; an error refuses the folder.
  using adopter = std::function<result<stored_owner>(
    const std::optional<std::string>& found)>;

  struct opening {
    std::string owner_key;
    std::string purpose; ///< of its keys; another one for each kind of environment
    lmdb_options lmdb;
    /// What is in it is encrypted, from the first opening on or never (P26); used
    /// only during the call. Null: it is checked.
    const key_provider* keys = nullptr;
  };

  /// The owner is stored where it changes, before anything is encrypted. Errors
  /// name the file: those of `lmdb_env::open`, of `adopt`, and of the keys.
  static result<std::unique_ptr<sealed_env>> open(
    const std::filesystem::path& folder, const opening& how,
    const adopter& adopt);

  result<lmdb_read> read() const { return env_->read(); }
  status write(const std::function<status(lmdb_write&)>& body) {
    return env_->write(body);
  }

  /// The plain bytes are `head` and `body`, one after the other.
  status put(lmdb_write& txn, std::string_view key, std::string_view head,
             std::string_view body = {}) const;
  /// `damaged` if the value isn't what was put under its key.
  result<std::string> unseal(const lmdb_row& stored) const;

  /// An error whose message begins with the file.
  error named(error_code code, const std::string& what) const;

private:
  sealed_env() = default;
  status adopt_owner(const opening& how, const adopter& adopt);
  result<std::optional<std::string>> find_owner(const opening& how) const;
  std::string place_of(std::string_view key) const;

  std::unique_ptr<lmdb_env> env_;
  store_id store_;
  seal seal_;
};

/// Why a folder isn't for this program, or this cluster; nothing if it is.
std::optional<error> refusal_of_format(std::uint32_t found, std::uint32_t newest);
std::optional<error> refusal_of_cluster(const std::string& found,
                                        const std::string& wanted);

} // namespace present::storage
