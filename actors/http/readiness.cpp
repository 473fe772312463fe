#include "actors/http/readiness.hpp"

namespace present::http {

std::string why_not_ready(const node_report& report) {
  if (report.partitions.empty())
    return "no replica has answered";
  for (const auto& row : report.partitions) {
    const auto name = "partition " + std::to_string(row.id.value);
    if (row.leader.value == 0)
      return name + ": no leader is known";
    if (!row.has_quorum)
      return name + ": no quorum";
  }
  return {};
}

} // namespace present::http
