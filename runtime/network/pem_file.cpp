#include "runtime/network/pem_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace present::network {
namespace {

constexpr std::size_t max_pem_bytes = 64 * 1024;

class open_file {
public:
  open_file(const char* path, int flags, mode_t mode = 0)
      : fd_(::open(path, flags | O_CLOEXEC, mode)) {}
  ~open_file() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  int fd() const { return fd_; }

private:
  int fd_;
};

error failed(const char* verb, const std::filesystem::path& path, int number) {
  const auto code = number == ENOENT ? error_code::not_found
                    : number == ENOSPC || number == EDQUOT ? error_code::disk_full
                    : number == EACCES || number == EPERM ? error_code::denied
                                                          : error_code::invalid;
  return make_error(code, std::string("cannot ") + verb + " " + path.string()
                            + ": " + std::generic_category().message(number));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

status sync_folder(const std::filesystem::path& folder) {
  const open_file opened(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (opened.fd() < 0 || ::fsync(opened.fd()) != 0)
    return failed("sync", folder, errno);
  return success();
}

} // namespace

status write_pem(const std::filesystem::path& path, std::string_view text,
                 pem_kind kind) {
  auto beside = path;
  beside += ".new";
  ::unlink(beside.c_str());
  {
    const mode_t mode = kind == pem_kind::key ? 0600 : 0644;
    const open_file opened(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
    if (opened.fd() < 0)
      return failed("create", beside, errno);
    if (!write_all(opened.fd(), text) || ::fsync(opened.fd()) != 0) {
      const int number = errno;
      ::unlink(beside.c_str());
      return failed("write", beside, number);
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(beside.c_str());
    return failed("rename to", path, number);
  }
  const auto folder = path.parent_path();
  return sync_folder(folder.empty() ? "." : folder);
}

result<std::string> read_pem(const std::filesystem::path& path, pem_kind kind) {
  const open_file opened(path.c_str(), O_RDONLY);
  struct ::stat about {};
  if (opened.fd() < 0 || ::fstat(opened.fd(), &about) != 0)
    return failed("open", path, errno);
  if (kind == pem_kind::key && (about.st_mode & 077) != 0)
    return make_error(error_code::denied,
                      "the key " + path.string()
                        + " may be read by others: chmod 600 it");
  std::string text(max_pem_bytes + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const auto got
      = ::read(opened.fd(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failed("read", path, errno);
    if (got == 0)
      break;
    length += static_cast<std::size_t>(got);
  }
  if (length > max_pem_bytes)
    return make_error(error_code::too_large,
                      path.string() + " is more than 64 KiB: no PEM file of ours");
  text.resize(length);
  return text;
}

} // namespace present::network
