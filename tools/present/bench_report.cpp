#include "tools/present/bench_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace present::tools {

namespace {

constexpr double us_per_ms = 1000.0;

double per_call(std::uint64_t total, std::uint64_t calls) {
  return calls == 0 ? 0.0
                    : std::round(10.0 * static_cast<double>(total)
                                 / static_cast<double>(calls)) / 10.0;
}

} // namespace

double percentile_ms(const std::vector<std::uint32_t>& ascending_us, double percent) {
  if (ascending_us.empty())
    return 0.0;
  const auto rank = std::ceil(percent / 100.0 * static_cast<double>(ascending_us.size()));
  const auto place = std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1,
                                             ascending_us.size());
  return ascending_us[place - 1] / us_per_ms;
}

json to_json(const bench_figures& figures) {
  const auto seconds = static_cast<double>(figures.elapsed_ns) / 1e9;
  json report;
  report["ops_per_second"]
    = seconds > 0 ? std::round(static_cast<double>(figures.calls) / seconds) : 0.0;
  report["p50_ms"] = percentile_ms(figures.latencies_us, 50);
  report["p99_ms"] = percentile_ms(figures.latencies_us, 99);
  report["max_ms"] = percentile_ms(figures.latencies_us, 100);
  report["errors"] = json::object();
  for (const auto& [code, count] : figures.errors)
    report["errors"][code] = count;
  report["server_cpu_us_per_op"] = nullptr;
  if (figures.server_cpu_us)
    report["server_cpu_us_per_op"] = per_call(*figures.server_cpu_us, figures.calls);
  report["client_cpu_us_per_op"] = per_call(figures.client_cpu_us, figures.calls);
  return report;
}

std::optional<std::uint64_t> cpu_ticks_in(const std::string& stat_line) {
  // The name stands in parentheses, and ends with the last one (proc(5)). Fields
  // 14 and 15, the times, are the 12th and 13th behind it.
  const auto behind_name = stat_line.rfind(')');
  if (behind_name == std::string::npos)
    return std::nullopt;
  std::istringstream fields{stat_line.substr(behind_name + 1)};
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(fields >> user >> system))
    return std::nullopt;
  return user + system;
}

} // namespace present::tools
