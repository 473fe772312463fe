#include "tools/present/cluster_session.hpp"

namespace present::tools {

result<std::unique_ptr<client_session>> open_session(const connection_target& target) {
  client::connect_options options;
  for (const auto& [address, node, pinned] : target.endpoints)
    options.endpoints.push_back({address, node, pinned});
  options.authority = target.ca;
  options.certificate = target.cert;
  options.key = target.key;
  return client_session::connect(options);
}

result<std::unique_ptr<client_session>> open_session(const settings& set, access wanted) {
  const auto target = resolve_target(set, wanted);
  if (!target)
    return target.problem();
  return open_session(*target);
}

client_session::deadline patience_of(const settings& set) {
  return client_session::deadline{set.duration_ms("timeout")};
}

} // namespace present::tools
