#include "tools/present/workload_report.hpp"

#include "tools/present/transaction_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace present::tools {

namespace {

constexpr double ns_per_ms = 1e6;

double in_ms(std::uint64_t ns) {
  return std::round(static_cast<double>(ns) / ns_per_ms * 10) / 10;
}

void list_counts(std::ostream& text, const char* heading, const json& counts) {
  if (counts.empty())
    return;
  text << heading;
  const char* comma = "";
  for (const auto& [name, count] : counts.items()) {
    text << comma << name << ' ' << count.dump();
    comma = ", ";
  }
  text << '\n';
}

void list_faults(std::ostream& text, const json& faults) {
  if (faults.empty()) {
    text << "faults        none\n";
    return;
  }
  text << "faults        ";
  const char* comma = "";
  for (const auto& [name, count] : faults.items()) {
    text << comma << name << ' ' << count["injected"].dump() << " ("
         << count["effective"].dump() << " had an effect)";
    comma = ", ";
  }
  text << '\n';
}

void tell_verdict(std::ostream& text, const json& verdict) {
  text << "verdict       " << verdict["is"].get<std::string>() << ": "
       << verdict["operations"].dump() << " operations on " << verdict["keys"].dump()
       << " keys\n";
  if (!verdict.contains("key"))
    return;
  text << "\nkey " << verdict["key"].get<std::string>() << " ("
       << verdict["key_operations"].dump() << " operations; " << verdict["keys_like_it"].dump()
       << " keys like it)\n" << verdict["reason"].get<std::string>() << '\n';
  if (!verdict["contradiction"].empty())
    text << "these contradict each other:\n";
  constexpr std::size_t most_lines = 40;
  std::size_t lines = 0;
  for (const auto& line : verdict["contradiction"])
    if (++lines <= most_lines)
      text << "  " << line.get<std::string>() << '\n';
  if (lines > most_lines)
    text << "  … and " << lines - most_lines << " more (-o json has them)\n";
}

std::string bank_in_text(const json& verdict) {
  std::ostringstream text;
  text << "verdict       " << verdict["is"].get<std::string>() << ": "
       << verdict["readings"].dump() << " readings of all accounts, "
       << verdict["wrong"].dump() << " wrong\n";
  for (const auto& complaint : verdict["complaints"])
    text << "  " << complaint.get<std::string>() << '\n';
  return text.str();
}

} // namespace

std::uint64_t longest_stall_ns(const std::vector<histories::operation>& history,
                               std::uint64_t ended_ns) {
  std::vector<std::uint64_t> successes;
  for (const auto& one : history)
    if (one.returned && *one.returned <= ended_ns)
      successes.push_back(*one.returned);
  if (successes.empty())
    return 0;
  successes.push_back(ended_ns);
  std::sort(successes.begin(), successes.end());
  std::uint64_t longest = 0;
  for (std::size_t place = 1; place < successes.size(); ++place)
    longest = std::max(longest, successes[place] - successes[place - 1]);
  return longest;
}

json to_json(const histories::verdict& judged) {
  json verdict;
  verdict["is"] = to_string(judged.is);
  verdict["operations"] = judged.operations;
  verdict["keys"] = judged.keys;
  verdict["configurations"] = judged.configurations;
  if (judged.is == histories::ruling::linearizable)
    return verdict;
  verdict["key"] = judged.key;
  verdict["key_operations"] = judged.key_operations;
  verdict["keys_like_it"] = judged.keys_like_it;
  verdict["reason"] = judged.reason;
  verdict["contradiction"] = json::array();
  for (const auto& one : judged.contradiction)
    verdict["contradiction"].push_back(describe(one));
  return verdict;
}

namespace {

json head_of(const workload_figures& figures) {
  json report;
  report["kind"] = figures.kind;
  report["clients"] = figures.clients;
  report["seed"] = figures.seed;
  report["seconds"] = in_ms(figures.elapsed_ns) / 1000;
  report["operations"] = 0;
  return report;
}

void add_counts(json& report, const workload_figures& figures, std::uint64_t ok,
                std::uint64_t unknown) {
  std::uint64_t failed = 0;
  report["ok"] = ok;
  report["unknown"] = unknown;
  report["failed"] = json::object();
  for (const auto& [code, count] : figures.failed) {
    report["failed"][code] = count;
    failed += count;
  }
  report["operations"] = ok + unknown + failed;
  report["faults"] = json::object();
  for (const auto& [name, count] : figures.faults)
    report["faults"][name] = {{"injected", count.injected}, {"effective", count.effective}};
}

} // namespace

json to_json(const workload_figures& figures,
             const std::vector<histories::operation>& history, std::uint64_t ended_ns,
             const histories::verdict& judged) {
  const auto known = static_cast<std::uint64_t>(
    std::count_if(history.begin(), history.end(),
                  [](const histories::operation& one) { return one.returned.has_value(); }));
  auto report = head_of(figures);
  add_counts(report, figures, known, history.size() - known);
  report["longest_stall_ms"] = in_ms(longest_stall_ns(history, ended_ns));
  if (!figures.history_file.empty())
    report["history"] = figures.history_file;
  report["verdict"] = to_json(judged);
  return report;
}

json to_json(const workload_figures& figures, const transaction_counts& counts, json verdict) {
  auto report = head_of(figures);
  add_counts(report, figures, counts.committed, counts.unknown);
  report["locks_left"] = !counts.all_unlocked;
  if (!figures.history_file.empty())
    report["history"] = figures.history_file;
  report["verdict"] = std::move(verdict);
  return report;
}

json to_json(const histories::bank_verdict& judged) {
  json verdict;
  verdict["is"] = judged.is_sum_kept() ? "sum-kept" : "violated";
  verdict["readings"] = judged.readings;
  verdict["wrong"] = judged.wrong;
  verdict["complaints"] = judged.complaints;
  return verdict;
}

std::string to_text(const json& report) {
  std::ostringstream text;
  if (report.contains("kind")) {
    text << report["kind"].get<std::string>() << ", " << report["clients"].dump()
         << " clients, " << report["seconds"].dump() << " s, seed " << report["seed"].dump()
         << '\n'
         << "operations    " << report["operations"].dump() << ": " << report["ok"].dump()
         << " ok, " << report["unknown"].dump() << " of unknown outcome\n";
    list_counts(text, "no effect     ", report["failed"]);
    list_faults(text, report["faults"]);
    if (report.contains("longest_stall_ms"))
      text << "longest stall " << report["longest_stall_ms"].dump() << " ms\n";
    if (report.contains("locks_left"))
      text << "locks left    " << (report["locks_left"].get<bool>() ? "yes" : "none") << '\n';
  }
  if (report["verdict"].contains("readings"))
    return text.str() + bank_in_text(report["verdict"]);
  if (report["verdict"].contains("transactions"))
    return text.str() + transactions_in_text(report["verdict"]);
  tell_verdict(text, report["verdict"]);
  return text.str();
}

} // namespace present::tools
