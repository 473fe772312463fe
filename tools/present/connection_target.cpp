#include "tools/present/connection_target.hpp"

#include "tools/present/cluster_file.hpp"

namespace present::tools {

namespace {

result<connection_target> target_of_local(const settings& set, access wanted) {
  const auto cluster = load_cluster_file(set.text("data"));
  if (!cluster)
    return cluster.problem();
  connection_target target;
  for (const auto& node : cluster->nodes)
    target.endpoints.push_back(node.rpc);
  const bool admin = wanted == access::admin;
  target.ca = cluster->ca;
  target.cert = admin ? cluster->admin_cert : cluster->client_cert;
  target.key = admin ? cluster->admin_key : cluster->client_key;
  return target;
}

} // namespace

result<connection_target> resolve_target(const settings& set, access wanted) {
  connection_target target;
  if (!set.text("data").empty()) {
    auto local = target_of_local(set, wanted);
    if (!local)
      return local;
    target = *local;
  } else {
    for (const auto* name : {"endpoint", "ca", "cert", "key"})
      if (set.text(name).empty())
        return make_error(error_code::invalid,
                          std::string{"which cluster? --data DIR, or --endpoint --ca "
                                      "--cert --key ('"}
                            + name + "' is not set)");
    target = {{set.text("endpoint")}, set.text("ca"), set.text("cert"), set.text("key")};
  }
  target.timeout_ms = set.duration_ms("timeout");
  return target;
}

} // namespace present::tools
