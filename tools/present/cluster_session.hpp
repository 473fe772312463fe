#pragma once

#include "actors/client/client.hpp"
#include "tools/present/connection_target.hpp"

#include <memory>

namespace present::tools {

/// A client of the cluster at `target`. Returns at once: see `client_session`.
result<std::unique_ptr<client_session>> open_session(const connection_target& target);

/// The same for what the user's settings name.
result<std::unique_ptr<client_session>> open_session(const settings& set, access wanted);

/// The settings' deadline for one call.
client_session::deadline patience_of(const settings& set);

} // namespace present::tools
