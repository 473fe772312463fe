#include "tools/present/connection_target.hpp"

#include "tools/present/saved_contexts.hpp"

#include <algorithm>
#include <initializer_list>

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

namespace {

bool is_any_given(const settings& set, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return !set.text(name).empty(); });
}

result<connection_target> target_in(const std::string& data, access wanted) {
  const auto local = load_cluster_file(data);
  if (!local)
    return local.problem();
  return target_of(*local, wanted);
}

connection_target target_at(const saved_context& where) {
  return {{{where.endpoint, {}}}, where.ca, where.cert, where.key};
}

/// What the settings themselves say.
saved_context said_in(const settings& set) {
  return {set.text("data"), set.text("endpoint"), set.text("ca"), set.text("cert"),
          set.text("key")};
}

/// What was given by hand, and the rest as the context in use has it: another node of
/// the same cluster, most often. A context of a local cluster has no rest to give.
saved_context completed(saved_context given, const saved_context& in_use) {
  for (const auto member : {&saved_context::endpoint, &saved_context::ca,
                             &saved_context::cert, &saved_context::key})
    if ((given.*member).empty())
      given.*member = in_use.*member;
  return given;
}

} // namespace

result<connection_target> resolve_target(const settings& set, access wanted) {
  const auto& name = set.text("context");
  const bool by_hand = is_any_given(set, {"data", "endpoint", "ca", "cert", "key"});
  if (!name.empty() && by_hand)
    return make_error(error_code::invalid,
                      "which cluster? context '" + name
                        + "' is named, and --data or --endpoint --ca --cert --key given");
  auto where = said_in(set);
  if (where.data.empty() && !where.missing().empty()) {
    const auto saved = load_contexts(set.user_folder());
    if (!saved)
      return saved.problem();
    const auto& chosen = name.empty() ? saved->current : name;
    if (!chosen.empty()) {
      const auto found = saved->find(chosen);
      if (!found)
        return found.problem();
      where = by_hand ? completed(std::move(where), *found) : *found;
    }
  }
  if (!where.data.empty())
    return target_in(where.data, wanted);
  if (const auto missing = where.missing(); !missing.empty())
    return make_error(error_code::invalid,
                      "which cluster? --data DIR, or --endpoint --ca --cert --key ('" + missing
                        + "' is not set), or a context: `present context add`");
  return target_at(where);
}

} // namespace present::tools
