#include "storage/disk_room.hpp"

#include "runtime/base/bounds.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace present::storage {

bool is_out_of_room(const std::filesystem::path& where) {
  struct stat found {};
  rlimit limit{};
  if (::stat(where.c_str(), &found) == 0 && S_ISREG(found.st_mode)
      && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
      && limit.rlim_cur < static_cast<rlim_t>(found.st_size) + bounds::mib)
    return true;
  struct statvfs disk {};
  return ::statvfs(where.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < bounds::mib;
}

} // namespace present::storage
