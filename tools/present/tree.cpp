#include "tools/present/cluster_session.hpp"
#include "tools/present/cluster_views.hpp"
#include "tools/present/cluster_watch.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace present::tools {

namespace {

int show_tree(const context& with, node_id node) {
  auto admin = open_session(with.set, access::admin);
  if (!admin)
    return with.out.fail(admin.problem());
  const auto patience = patience_of(with.set);
  const auto tree = node.value == 0 ? cluster_tree(**admin, patience)
                                    : (*admin)->tree(node, patience);
  if (!tree)
    return with.out.fail(tree.problem());
  with.out.document(to_json(*tree), to_text(*tree));
  return 0;
}

} // namespace

void add_tree(program& present) {
  auto& verb = *present.app.add_subcommand("tree", "The supervision tree, actor by actor");
  auto node = std::make_shared<std::uint32_t>(0);
  verb.add_option("--node", *node, "of this node only");
  add_connection_flags(verb, present);
  choose(verb, present,
         [node](const context& with) { return show_tree(with, node_id{*node}); });
}

} // namespace present::tools
