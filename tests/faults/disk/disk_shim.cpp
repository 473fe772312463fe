// Both of libc's names are defined here; with this, one would stand for the other.
#undef _FILE_OFFSET_BITS

#include "tests/faults/disk/written_file.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/// Preloaded into a program (ld.so(8)) it is the program's disk: it knows what was
/// synced, lets syncs fail, and ends the process as a power failure does. It lies
/// between the program and libc's write and sync functions; files are watched whose
/// path begins with PRESENT_DISK_WATCH, and orders are taken, one a connection, on
/// the socket PRESENT_DISK_ORDERS:
///
///   fail NAME SKIP COUNT     after SKIP more syncs of files with NAME in their path,
///                            the next COUNT answer EIO (written_file.hpp, F3)
///   count NAME               answers "SYNCS FAILED"
///   lose-power SEED          now: SIGKILL, then the files are what the disk has (F2)
///   lose-power-at NAME N SEED  before the N-th next sync of such a file
///
/// Both of the last answer "LOST UNSYNCED" in blocks, when it is done; the last of
/// all says "armed" first.
///
/// A sync is fsync, fdatasync, or a write through a descriptor with O_DSYNC. Not seen:
/// msync, sync_file_range, syncfs, and writes through a map, which the program doesn't
/// use. Renames and new names are durable at once.
namespace present::faults {

namespace {

struct watched {
  std::string path;
  written_file content;

  watched(std::string where, int own) : path(std::move(where)), content(own) {}
};

struct trigger {
  std::string name;
  std::uint64_t skip = 0;
  std::uint64_t count = 0;

  /// Whether it is this one's turn.
  bool counts_down(const std::string& path) {
    if (count == 0 || path.find(name) == std::string::npos)
      return false;
    if (skip > 0) {
      --skip;
      return false;
    }
    --count;
    return true;
  }
};

using file_identity = std::pair<dev_t, ino_t>;

/// Everything under one lock; it lives as long as the process.
struct disk {
  std::mutex lock;
  std::string prefix;
  std::map<file_identity, std::unique_ptr<watched>> files; ///< null: not watched
  trigger failure;
  trigger power;
  std::uint64_t power_seed = 0;
  int power_asker = -1;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> syncs; ///< and failed
};

disk* the_disk = nullptr; ///< null: nothing is watched

/// Kept open, so that no other file gets this one's number.
int open_anew(int descriptor) {
  const auto name = "/proc/self/fd/" + std::to_string(descriptor);
  return open(name.c_str(), O_RDWR | O_CLOEXEC);
}

std::string path_of(int descriptor) {
  char path[PATH_MAX];
  const auto name = "/proc/self/fd/" + std::to_string(descriptor);
  const auto count = readlink(name.c_str(), path, sizeof path);
  return count > 0 ? std::string(path, static_cast<std::size_t>(count)) : std::string{};
}

/// Null if the file is none of those that are watched. Call with the lock held.
watched* find(disk& here, int descriptor) {
  struct stat about {};
  if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))
    return nullptr;
  const auto [place, fresh] = here.files.try_emplace({about.st_dev, about.st_ino});
  if (!fresh)
    return place->second.get();
  auto path = path_of(descriptor);
  if (path.starts_with(here.prefix))
    if (const int own = open_anew(descriptor); own >= 0) {
      place->second = std::make_unique<watched>(std::move(path), own);
      return place->second.get();
    }
  here.files.erase(place); // its number may be another's soon
  return nullptr;
}

bool writes_through(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;
}

// -- power -----------------------------------------------------------------------

/// A child puts the files right when this process is gone for certain: by then
/// nobody writes any more. Doesn't return. Call with the lock held.
[[noreturn]] void lose_power(disk& here, std::uint64_t seed, int asker) {
  int alive[2];
  if (pipe2(alive, O_CLOEXEC) != 0)
    abort();
  const auto victim = getpid();
  const auto child = fork();
  if (child < 0)
    abort();
  if (child > 0) {
    while (true)
      pause();
  }
  close(alive[1]);
  kill(victim, SIGKILL);
  char ignored;
  while (read(alive[0], &ignored, 1) < 0 && errno == EINTR) {
  }
  seeded random{seed};
  loss all;
  for (auto& [identity, file] : here.files) {
    if (!file)
      continue;
    const auto part = file->content.lose_power(random);
    all.lost += part.lost;
    all.unsynced += part.unsynced;
  }
  dprintf(asker, "%llu %llu\n", static_cast<unsigned long long>(all.lost),
          static_cast<unsigned long long>(all.unsynced));
  _exit(0);
}

/// False: it fails. Call with the lock held, before the sync takes effect.
bool sync_succeeds(disk& here, const watched& file) {
  if (here.power.counts_down(file.path))
    lose_power(here, here.power_seed, here.power_asker);
  auto& [syncs, failed] = here.syncs[file.path];
  ++syncs;
  if (!here.failure.counts_down(file.path))
    return true;
  ++failed;
  return false;
}

// -- writing -----------------------------------------------------------------------

template <class Write>
ssize_t watch_write(int descriptor, std::uint64_t offset, const iovec* parts, int count,
                    Write write_it) {
  if (!the_disk)
    return write_it();
  std::unique_lock hold{the_disk->lock};
  auto* file = find(*the_disk, descriptor);
  if (!file) {
    hold.unlock();
    return write_it();
  }
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i)
    bytes += parts[i].iov_len;
  const bool through = writes_through(descriptor);
  const bool durable = through && sync_succeeds(*the_disk, *file);
  if (!durable)
    file->content.before_write(offset, bytes);
  const auto wrote = write_it();
  if (through && !durable) {
    file->content.on_failed_sync();
    errno = EIO;
    return -1;
  }
  auto left = durable && wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
  for (int i = 0; i < count && left > 0; ++i) {
    const auto part = std::min(left, parts[i].iov_len);
    file->content.on_durable_write(offset, {static_cast<const char*>(parts[i].iov_base), part});
    offset += part;
    left -= part;
  }
  return wrote;
}

std::uint64_t place_of(int descriptor) {
  if (!the_disk)
    return 0;
  if (const int flags = fcntl(descriptor, F_GETFL); flags >= 0 && (flags & O_APPEND) != 0) {
    struct stat about {};
    return fstat(descriptor, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
  }
  const int before = errno;
  const auto here = lseek(descriptor, 0, SEEK_CUR); // a socket has no place
  errno = before;
  return here < 0 ? 0 : static_cast<std::uint64_t>(here);
}

ssize_t watch_pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset) {
  const iovec part{const_cast<void*>(bytes), count};
  return watch_write(descriptor, static_cast<std::uint64_t>(offset), &part, 1,
                     [&] { return syscall(SYS_pwrite64, descriptor, bytes, count, offset); });
}

ssize_t watch_pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return watch_write(descriptor, static_cast<std::uint64_t>(offset), parts, count, [&] {
    return syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
  });
}

/// Power is lost in our model alone, so the machine's disk needn't be waited for.
int watch_sync(int descriptor, long number) {
  if (the_disk) {
    const std::lock_guard hold{the_disk->lock};
    if (auto* file = find(*the_disk, descriptor)) {
      if (sync_succeeds(*the_disk, *file)) {
        file->content.on_sync();
        return 0;
      }
      file->content.on_failed_sync();
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(syscall(number, descriptor));
}

// -- orders ------------------------------------------------------------------------

/// Answers, unless that is for later.
void obey(disk& here, int asker) {
  char text[512] = {};
  if (read(asker, text, sizeof text - 1) <= 0)
    return;
  char name[256] = {};
  unsigned long long first = 0;
  unsigned long long second = 0;
  const std::lock_guard hold{here.lock};
  if (std::sscanf(text, "fail %255s %llu %llu", name, &first, &second) == 3) {
    here.failure = {name, first, second};
    dprintf(asker, "ok\n");
  } else if (std::sscanf(text, "count %255s", name) == 1) {
    for (const auto& [path, known] : here.syncs)
      if (path.find(name) != std::string::npos)
        first += known.first, second += known.second;
    dprintf(asker, "%llu %llu\n", first, second);
  } else if (std::sscanf(text, "lose-power-at %255s %llu %llu", name, &first, &second) == 3
             && first > 0) {
    here.power = {name, first - 1, 1};
    here.power_seed = second;
    here.power_asker = fcntl(asker, F_DUPFD_CLOEXEC, 0);
    dprintf(asker, "armed\n");
  } else if (std::sscanf(text, "lose-power %llu", &first) == 1) {
    lose_power(here, first, asker);
  } else {
    dprintf(asker, "no such order\n");
  }
}

[[noreturn]] void take_orders(disk& here, int listener) {
  while (true) {
    const int asker = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (asker < 0)
      continue;
    obey(here, asker);
    close(asker);
  }
}

__attribute__((constructor)) void begin() {
  const char* watch = std::getenv("PRESENT_DISK_WATCH");
  const char* orders = std::getenv("PRESENT_DISK_ORDERS");
  if (!watch || !orders)
    return;
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (std::strlen(orders) >= sizeof where.sun_path) {
    dprintf(STDERR_FILENO, "disk shim: PRESENT_DISK_ORDERS: the path is too long\n");
    _exit(2);
  }
  std::strcpy(where.sun_path, orders);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(orders);
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0
      || listen(listener, 8) != 0) {
    dprintf(STDERR_FILENO, "disk shim: %s: %s\n", orders, std::strerror(errno));
    _exit(2);
  }
  auto* made = new disk;
  made->prefix = watch;
  the_disk = made;
  // The program's signals are the program's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread{[made, listener] { take_orders(*made, listener); }}.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace

} // namespace present::faults

// -- what the program calls --------------------------------------------------------

extern "C" {

using namespace present::faults;

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  return watch_pwrite(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t offset) {
  return watch_pwrite(descriptor, bytes, count, offset);
}

ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return watch_pwritev(descriptor, parts, count, offset);
}

ssize_t pwritev64(int descriptor, const iovec* parts, int count, off64_t offset) {
  return watch_pwritev(descriptor, parts, count, offset);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  const iovec part{const_cast<void*>(bytes), count};
  return watch_write(descriptor, place_of(descriptor), &part, 1,
                     [&] { return syscall(SYS_write, descriptor, bytes, count); });
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  return watch_write(descriptor, place_of(descriptor), parts, count,
                     [&] { return syscall(SYS_writev, descriptor, parts, count); });
}

int fsync(int descriptor) {
  return watch_sync(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
  return watch_sync(descriptor, SYS_fdatasync);
}

} // extern "C"
