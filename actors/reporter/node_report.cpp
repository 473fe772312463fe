#include "actors/reporter/node_report.hpp"

#include <algorithm>
#include <map>

namespace present {

namespace {

bool leads(const partition_status& row) {
  return row.leader == row.self && row.has_quorum;
}

/// A leader's row says more than a follower's, a newer term more than an older.
bool says_more(const partition_status& a, const partition_status& b) {
  return std::pair{leads(a), a.at_term} > std::pair{leads(b), b.at_term};
}

} // namespace

cluster_status merge_reports(const std::vector<member_status>& members,
                             const std::vector<node_report>& reports) {
  cluster_status seen;
  std::map<partition_id, partition_status> rows;
  for (const auto& report : reports)
    for (const auto& row : report.partitions) {
      const auto [known, fresh] = rows.emplace(row.id, row);
      if (!fresh && says_more(row, known->second))
        known->second = row;
    }
  seen.available = !rows.empty();
  for (auto& [id, row] : rows) {
    if (!leads(row)) {
      seen.available = false;
      row.failures_tolerated = 0;
    }
    seen.partitions.push_back(std::move(row));
  }
  for (auto member : members) {
    const auto report = std::find_if(reports.begin(), reports.end(), [&](const auto& r) {
      return r.self.id == member.id;
    });
    if (report != reports.end())
      member = report->self;
    else
      member.state = "down";
    seen.nodes.push_back(std::move(member));
  }
  seen.quorum = reports.size() > members.size() / 2;
  return seen;
}

} // namespace present
