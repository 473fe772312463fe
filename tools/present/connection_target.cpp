#include "tools/present/connection_target.hpp"

namespace present::tools {

connection_target target_of(const cluster_file& cluster, access wanted) {
  connection_target target;
  for (const auto& node : cluster.nodes)
    target.endpoints.push_back({node.rpc, node.id});
  const bool admin = wanted == access::admin;
  target.ca = cluster.ca;
  target.cert = admin ? cluster.admin_cert : cluster.client_cert;
  target.key = admin ? cluster.admin_key : cluster.client_key;
  return target;
}

result<connection_target> resolve_target(const settings& set, access wanted) {
  if (!set.text("data").empty()) {
    const auto local = load_cluster_file(set.text("data"));
    if (!local)
      return local.problem();
    return target_of(*local, wanted);
  }
  for (const auto* name : {"endpoint", "ca", "cert", "key"})
    if (set.text(name).empty())
      return make_error(error_code::invalid,
                        std::string{"which cluster? --data DIR, or --endpoint --ca --cert "
                                    "--key ('"}
                          + name + "' is not set)");
  return connection_target{{{set.text("endpoint"), {}}}, set.text("ca"), set.text("cert"),
                           set.text("key")};
}

} // namespace present::tools
