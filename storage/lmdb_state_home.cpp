#include "storage/lmdb_state_home.hpp"

#include "storage/file_spool.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace present::storage {

namespace {

constexpr auto data_file = "data.mdb";
constexpr auto damaged_file = "damaged.mdb";

} // namespace

lmdb_state_home::lmdb_state_home(std::filesystem::path folder, opener open_state,
                                 failpoint before)
    : folder_(std::move(folder)), open_state_(std::move(open_state)),
      before_(std::move(before)) {
}

result<std::shared_ptr<state_backend>> lmdb_state_home::open() {
  const std::lock_guard hold{lock_};
  if (auto held = held_.lock()) {
    if (condemned_)
      return make_error(error_code::overloaded,
                        folder_.string() + ": the condemned state is still open");
    return held;
  }
  if (status ok = make_folder(); !ok)
    return ok.problem();
  if (status ok = remove_leftovers(); !ok)
    return ok.problem();
  if (condemned_) {
    if (status ok = set_aside(); !ok)
      return ok.problem();
    condemned_ = false;
  }
  auto opened = open_state_(folder_);
  if (!opened)
    return opened.problem();
  std::shared_ptr<state_backend> shared{std::move(*opened)};
  held_ = shared;
  return shared;
}

result<std::unique_ptr<state_backend>> lmdb_state_home::open_next() {
  if (status ok = make_folder(); !ok)
    return ok.problem();
  std::error_code failed;
  std::filesystem::remove_all(next_folder(), failed);
  if (failed)
    return problem("removing what was to be next", failed);
  return open_state_(next_folder());
}

/// The rename is the moment: before it the old state stands, after it the new
/// one. The lock file stays: LMDB resets it whenever the first one opens it.
status lmdb_state_home::replace() {
  const std::lock_guard hold{lock_};
  if (!held_.expired())
    return make_error(error_code::overloaded,
                      folder_.string() + ": the state is still open");
  if (status go = before("rename"); !go)
    return go;
  std::error_code failed;
  std::filesystem::rename(next_folder() / data_file, folder_ / data_file, failed);
  if (failed)
    return problem("putting the next state into its place", failed);
  if (status go = before("sync"); !go)
    return go;
  if (status ok = sync_folder(); !ok)
    return ok;
  if (status go = before("clean"); !go)
    return go;
  // In place and durable; what can't be removed now goes at the next opening.
  std::filesystem::remove_all(next_folder(), failed);
  std::filesystem::remove(folder_ / damaged_file, failed);
  condemned_ = false;
  return success();
}

status lmdb_state_home::remove() {
  const std::lock_guard hold{lock_};
  if (!held_.expired())
    return make_error(error_code::overloaded,
                      folder_.string() + ": the state is still open");
  std::error_code failed;
  std::filesystem::remove_all(folder_, failed);
  condemned_ = false;
  return failed ? status{problem("removing the state", failed)} : success();
}

void lmdb_state_home::condemn() {
  const std::lock_guard hold{lock_};
  condemned_ = true;
}

/// By one rename, so that a crash leaves the state or none; in the place of what
/// was set aside before.
status lmdb_state_home::set_aside() const {
  std::error_code failed;
  std::filesystem::rename(folder_ / data_file, folder_ / damaged_file, failed);
  if (failed && failed != std::errc::no_such_file_or_directory)
    return problem("setting a damaged state aside", failed);
  return sync_folder();
}

result<std::unique_ptr<spool>> lmdb_state_home::make_spool() {
  if (status ok = make_folder(); !ok)
    return ok.problem();
  auto made = file_spool::create(folder_);
  if (!made)
    return made.problem();
  return std::unique_ptr<spool>{std::move(*made)};
}

status lmdb_state_home::make_folder() const {
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  return failed ? status{problem("making the folder", failed)} : success();
}

/// A crash may also have come between a spool's making and the loss of its name.
status lmdb_state_home::remove_leftovers() const {
  std::error_code failed;
  std::filesystem::remove_all(next_folder(), failed);
  if (failed)
    return problem("removing an unfinished state", failed);
  for (const auto& item : std::filesystem::directory_iterator{folder_, failed})
    if (item.path().filename().string().starts_with(file_spool::name_prefix))
      std::filesystem::remove(item.path(), failed);
  return failed ? status{problem("removing leftovers", failed)} : success();
}

status lmdb_state_home::sync_folder() const {
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return problem("syncing", {errno, std::generic_category()});
  const int code = fsync(folder) == 0 ? 0 : errno;
  close(folder);
  if (code != 0)
    return problem("syncing", {code, std::generic_category()});
  return success();
}

status lmdb_state_home::before(std::string_view step) const {
  return before_ ? before_(step) : success();
}

error lmdb_state_home::problem(std::string_view doing,
                               const std::error_code& why) const {
  const bool full = why == std::errc::no_space_on_device;
  return make_error(full ? error_code::disk_full : error_code::invalid,
                    folder_.string() + ": " + std::string{doing} + ": "
                      + why.message());
}

} // namespace present::storage
