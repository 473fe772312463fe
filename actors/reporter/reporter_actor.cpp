#include "actors/reporter/reporter_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

namespace {

constexpr std::uint32_t tree_budget_ms = 500;
constexpr auto patience = std::chrono::milliseconds(800);

} // namespace

reporter_shell::reporter_shell(caf::actor_config& config, member_status self,
                               std::vector<partition_id> partitions,
                               std::shared_ptr<supervision::address_book> addresses)
    : measured(config), self_(std::move(self)),
      root_(addresses->address_of<caf::actor>(paths::node)) {
  for (const auto id : partitions)
    partitions_.push_back(addresses->address_of<partition_actor>(paths::partition(id)));
}

void reporter_shell::on_exit() {
  partitions_.clear();
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
  if (const auto& root = root_.get()) {
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
  for (auto& partition : partitions_) {
    if (!partition.get())
      continue;
    ++parts->open;
    request(partition.get(), patience, ask_partition_status{})
      .then(
        [this, parts](partition_status& seen) {
          parts->report.self.fenced = parts->report.self.fenced || !seen.has_quorum;
          parts->report.partitions.push_back(std::move(seen));
          finish_part(parts);
        },
        [this, parts](const caf::error&) { finish_part(parts); });
  }
  finish_part(parts);
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
