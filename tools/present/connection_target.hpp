#pragma once

#include "runtime/base/error.hpp"
#include "tools/present/settings.hpp"

#include <string>
#include <vector>

/// Whom a client verb talks to, and as whom.
namespace present::tools {

/// What a verb needs: a local cluster has a certificate for each.
enum class access { client, admin };

struct connection_target {
  std::vector<std::string> endpoints; ///< any of them will do
  std::string ca;                     ///< paths
  std::string cert;
  std::string key;
  std::uint64_t timeout_ms = 0;
};

/// From --data DIR, else from --endpoint --ca --cert --key. `invalid` says what is
/// missing.
result<connection_target> resolve_target(const settings& set, access wanted);

} // namespace present::tools
