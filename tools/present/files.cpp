#include "tools/present/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace present::tools {

namespace {

error system_error(const std::string& what, const std::filesystem::path& path) {
  const auto reason = errno;
  const auto code = reason == ENOENT   ? error_code::not_found
                    : reason == ENOSPC ? error_code::disk_full
                    : reason == EACCES ? error_code::denied
                                       : error_code::invalid;
  return make_error(code, what + ' ' + path.string() + ": "
                            + std::strerror(reason));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

} // namespace

result<std::string> read_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return system_error("can't read", path);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad())
    return system_error("can't read", path);
  return bytes;
}

status replace_file(const std::filesystem::path& path, std::string_view bytes,
                    unsigned mode) {
  auto beside = path;
  beside += ".new-" + std::to_string(::getpid());
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                          mode);
  if (file < 0)
    return system_error("can't write", beside);
  const bool written = write_all(file, bytes) && ::fsync(file) == 0;
  if (!written) {
    auto problem = system_error("can't write", beside);
    ::close(file);
    ::unlink(beside.c_str());
    return problem;
  }
  ::close(file);
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return system_error("can't replace", path);
  return success();
}

} // namespace present::tools
