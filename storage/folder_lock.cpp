#include "storage/folder_lock.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace present::storage {

folder_lock::~folder_lock() {
  if (file_ >= 0)
    ::close(file_);
}

result<folder_lock> folder_lock::take(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return make_error(error_code::invalid, folder.string() + ": " + failed.message());
  const auto path = folder / "lock";
  folder_lock taken{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (taken.file_ < 0)
    return make_error(errno == ENOSPC || errno == EDQUOT ? error_code::disk_full
                                                         : error_code::invalid,
                      path.string() + ": "
                        + std::error_code{errno, std::generic_category()}.message());
  if (::flock(taken.file_, LOCK_EX | LOCK_NB) != 0)
    return make_error(error_code::invalid,
                      folder.string() + ": another process uses this folder");
  return taken;
}

} // namespace present::storage
