#pragma once

#include "storage/state_home.hpp"

#include <filesystem>
#include <functional>
#include <mutex>
#include <string_view>

namespace present::storage {

/// A partition's folder:
///
///   data.mdb, lock.mdb   the state (LMDB's names)
///   damaged.mdb          the last state that was condemned
///   next/                the one that will replace it: the file `next/data.mdb` is
///                        renamed to `data.mdb`, so a reader of the folder finds
///                        one or the other
///
/// Opening the state, when nobody holds it, removes `next/`: what was not renamed
/// was not installed, and its sender still has it.
class lmdb_state_home final : public state_home {
public:
  using opener
    = std::function<result<std::unique_ptr<state_backend>>(const std::filesystem::path&)>;

  /// Called before each step of `replace`, by its name; an error ends it there, as
  /// a crash would. For tests.
  using failpoint = std::function<status(std::string_view step)>;

  /// `open_state` opens or makes the environment in a folder.
  lmdb_state_home(std::filesystem::path folder, opener open_state,
                  failpoint before = {});

  result<std::shared_ptr<state_backend>> open() override;
  result<std::unique_ptr<state_backend>> open_next() override;
  status replace() override;
  status remove() override;
  void condemn() override;
  result<std::unique_ptr<spool>> make_spool() override;

private:
  std::filesystem::path next_folder() const { return folder_ / "next"; }
  status make_folder() const;
  status remove_leftovers() const;
  status set_aside() const;
  status sync_folder() const;
  status before(std::string_view step) const;
  error problem(std::string_view doing, const std::error_code& why) const;

  const std::filesystem::path folder_;
  const opener open_state_;
  const failpoint before_;

  std::mutex lock_;
  // Guarded by `lock_`.
  std::weak_ptr<state_backend> held_;
  bool condemned_ = false;
};

} // namespace present::storage
