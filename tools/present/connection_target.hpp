#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/settings.hpp"

#include <string>
#include <vector>

/// Whom a client verb talks to, and as whom.
namespace present::tools {

/// What a verb needs: a local cluster has a certificate for each.
enum class access { client, admin };

struct connection_target {
  struct endpoint {
    std::string address;
    node_id node; ///< 0: any node of the cluster
    bool pinned = false; ///< whatever the cluster's map says: a proxy of ours
  };
  std::vector<endpoint> endpoints; ///< any of them will do
  std::string ca;                     ///< paths
  std::string cert;
  std::string key;
};

/// A client, or an admin, of a local cluster.
connection_target target_of(const cluster_file& cluster, access wanted);

/// From --data DIR, from --endpoint --ca --cert --key, or from a saved context: the
/// one that is named, else the current one if none of the others is given. `invalid`
/// says what is missing.
result<connection_target> resolve_target(const settings& set, access wanted);

} // namespace present::tools
