#include "tools/present/transaction_report.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

namespace present::tools {

namespace {

json anomaly_in_json(const histories::anomaly& one,
                     const std::vector<histories::transaction>& history) {
  json told;
  told["name"] = to_string(one.what);
  if (!one.key.empty())
    told["key"] = one.key;
  told["transactions"] = json::array();
  for (const auto place : one.transactions)
    told["transactions"].push_back(
        {{"number", place}, {"does", describe(history[place])}});
  told["because"] = one.story;
  return told;
}

void tell_anomaly(std::ostream& text, const json& one) {
  constexpr std::size_t most_lines = 20;
  text << '\n' << one["name"].get<std::string>();
  if (one.contains("key"))
    text << " (key " << one["key"].get<std::string>() << ')';
  text << ":\n";
  std::size_t lines = 0;
  for (const auto& who : one["transactions"])
    if (++lines <= most_lines)
      text << "  transaction " << who["number"].dump() << ": "
           << who["does"].get<std::string>() << '\n';
  if (lines > most_lines)
    text << "  … and " << lines - most_lines << " more (-o json has them)\n";
  lines = 0;
  for (const auto& why : one["because"])
    if (++lines <= most_lines)
      text << "  - " << why.get<std::string>() << '\n';
}

} // namespace

json to_json(const histories::transaction_verdict& judged,
             const std::vector<histories::transaction>& history) {
  json verdict;
  verdict["is"] = judged.is_strictly_serializable() ? "strictly-serializable"
                                                    : "violated";
  verdict["transactions"] = judged.transactions;
  verdict["committed"] = judged.committed;
  verdict["aborted"] = judged.aborted;
  verdict["unknown"] = judged.unknown;
  verdict["unknown_seen"] = judged.unknown_seen;
  verdict["keys"] = judged.keys;
  verdict["dependencies"] = judged.dependencies;
  if (judged.is_strictly_serializable())
    return verdict;
  verdict["counts"] = json::object();
  for (std::size_t kind = 0; kind < judged.counts.size(); ++kind)
    if (judged.counts[kind] > 0)
      verdict["counts"][std::string{
          to_string(static_cast<histories::anomaly_kind>(kind))}]
          = judged.counts[kind];
  verdict["anomalies"] = json::array();
  for (const auto& one : judged.anomalies)
    verdict["anomalies"].push_back(anomaly_in_json(one, history));
  return verdict;
}

std::string transactions_in_text(const json& verdict) {
  std::ostringstream text;
  text << "verdict       " << verdict["is"].get<std::string>() << ": "
       << verdict["transactions"].dump() << " transactions on "
       << verdict["keys"].dump() << " keys, " << verdict["dependencies"].dump()
       << " dependencies\n"
       << "transactions  " << verdict["committed"].dump() << " committed, "
       << verdict["aborted"].dump() << " aborted, " << verdict["unknown"].dump()
       << " of unknown outcome (" << verdict["unknown_seen"].dump()
       << " seen)\n";
  if (!verdict.contains("counts"))
    return text.str();
  text << "anomalies     ";
  const char* comma = "";
  for (const auto& [name, count] : verdict["counts"].items()) {
    text << comma << name << ' ' << count.dump();
    comma = ", ";
  }
  text << '\n';
  for (const auto& one : verdict["anomalies"])
    tell_anomaly(text, one);
  return text.str();
}

} // namespace present::tools
