#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace present::tools {

/// What a service tells its manager (sd_notify(3)): "READY=1", "STOPPING=1". Datagrams
/// to the socket that NOTIFY_SOCKET names, a path or "@name"; the protocol is
/// systemd's, which promises to keep it, so no library of its is needed.
class service_notice {
public:
  /// Empty: there is no manager, and nothing is told.
  explicit service_notice(std::string socket) : socket_(std::move(socket)) {}

  /// `invalid` if the socket can't be written to.
  status tell(std::string_view state) const;

private:
  std::string socket_;
};

} // namespace present::tools
