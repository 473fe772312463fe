#include "actors/reporter/reporter_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

namespace {

constexpr std::uint32_t tree_budget_ms = 500;
/// A `caf::duration`: with one of std::chrono CAF 0.17.6 forgets the priority.
const caf::duration patience{std::chrono::milliseconds(800)};

} // namespace

reporter_shell::reporter_shell(caf::actor_config& config, member_status self,
                               std::shared_ptr<supervision::address_book> addresses)
    : measured(config), self_(std::move(self)), addresses_(std::move(addresses)),
      router_(addresses_->address_of<router_actor>(paths::router)),
      root_(addresses_->address_of<caf::actor>(paths::node)) {
}

void reporter_shell::on_exit() {
  router_ = {};
  root_ = {};
}

auto reporter_shell::make_behavior() -> behavior_type {
  return {[this](report_wanted& what) { on_wanted(what); }};
}

void reporter_shell::on_wanted(report_wanted& what) {
  auto parts = std::make_shared<collection>();
  parts->report.self = self_;
  parts->report.self.state = "up";
  parts->route = std::move(what.route);
  parts->open = 1; // until all questions are asked
  ask_tree(parts);
  ask_map_and_replicas(parts);
  finish_part(parts);
}

void reporter_shell::ask_tree(const std::shared_ptr<collection>& parts) {
  const auto& root = root_.get();
  if (!root)
    return;
  ++parts->open;
  request<caf::message_priority::high>(root, patience,
                                       supervision::describe_request{tree_budget_ms})
    .then(
      [this, parts](supervision::description& tree) {
        parts->report.tree = std::move(tree);
        finish_part(parts);
      },
      [this, parts](const caf::error&) { finish_part(parts); });
}

void reporter_shell::ask_map_and_replicas(const std::shared_ptr<collection>& parts) {
  const auto& router = router_.get();
  if (!router)
    return;
  ++parts->open;
  request(router, patience, ask_map{})
    .then(
      [this, parts](const cluster_map_ptr& map) {
        parts->report.map = *map;
        const auto* self = map->find_node(self_.id);
        if (!self || self->store != self_.store)
          parts->report.self.state = "waiting"; // to be let in
        for (const auto& group : map->partitions)
          if (keeps(group, self_.id))
            ask_replica(group.partition, parts);
        finish_part(parts);
      },
      [this, parts](const caf::error&) { finish_part(parts); });
}

void reporter_shell::ask_replica(partition_id partition,
                                 const std::shared_ptr<collection>& parts) {
  auto address = addresses_->address_of<partition_actor>(paths::partition(partition));
  const auto& replica = address.get();
  if (!replica)
    return;
  ++parts->open;
  request(replica, patience, ask_partition_status{})
    .then(
      [this, parts](partition_status& seen) {
        parts->report.self.fenced = parts->report.self.fenced || !seen.has_quorum;
        parts->report.partitions.push_back(std::move(seen));
        finish_part(parts);
      },
      [this, parts](const caf::error&) { finish_part(parts); });
}

void reporter_shell::finish_part(const std::shared_ptr<collection>& parts) {
  if (--parts->open > 0)
    return;
  auto& rows = parts->report.partitions;
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  parts->route->reported(std::make_shared<const node_report>(std::move(parts->report)));
}

} // namespace present
