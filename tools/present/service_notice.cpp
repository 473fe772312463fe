#include "tools/present/service_notice.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace present::tools {

status service_notice::tell(std::string_view state) const {
  if (socket_.empty())
    return success();
  const auto refused = [&](const char* why) {
    return make_error(error_code::invalid, "NOTIFY_SOCKET '" + socket_ + "': " + why);
  };
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof to.sun_path || (socket_[0] != '/' && socket_[0] != '@'))
    return refused("no path and no abstract name of a socket");
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@')
    to.sun_path[0] = '\0';
  const int file = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0)
    return refused(std::strerror(errno));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const auto sent = ::sendto(file, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), length);
  const auto why = errno;
  ::close(file);
  if (sent != static_cast<ssize_t>(state.size()))
    return refused(std::strerror(why));
  return success();
}

} // namespace present::tools
