#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace present::tools {

/// A TCP port of `host` (an IPv4 address) that nobody listens on now; 0 if the
/// system has none. Another process may take it before the caller does.
std::uint16_t free_port(const std::string& host);

/// `invalid` if somebody listens on "HOST:PORT", or it isn't such an address.
status check_port_is_free(const std::string& address);

} // namespace present::tools
