#pragma once

#include "storage/keys.hpp"
#include "storage/lmdb_env.hpp"

#include <doctest/doctest.h>

namespace present::storage {

/// An environment of ours under a test's hands, behind the program's back.
inline std::unique_ptr<lmdb_env> open_to_edit(const std::filesystem::path& folder) {
  auto env = lmdb_env::open(folder,
                            {.number_key = environment_keys::commit_number()});
  REQUIRE(env);
  return std::move(*env);
}

inline void edit(const std::filesystem::path& folder,
                 const std::function<status(lmdb_write&)>& change) {
  REQUIRE(open_to_edit(folder)->write(change));
}

/// Flips a bit of a stored value.
inline void corrupt(const std::filesystem::path& folder, const std::string& key) {
  edit(folder, [&](lmdb_write& txn) -> status {
    auto stored = txn.get(key);
    REQUIRE(stored);
    REQUIRE(*stored);
    std::string bytes{**stored};
    bytes[bytes.size() / 2] ^= 1;
    return txn.put(key, bytes);
  });
}

} // namespace present::storage
