#include "tools/present/demo_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace present::tools {

void import_ledger::on_acknowledged(time_ms now, bool repeated) {
  ++acknowledged_;
  if (repeated)
    ++repeated_;
  if (killed_at_)
    standstill_ms_ = std::max(standstill_ms_, now - last_at_);
  else
    ++before_kill_;
  last_at_ = now;
}

void import_ledger::on_killed(time_ms now) {
  killed_at_ = now;
  last_at_ = now;
}

bool import_ledger::is_kill_due() const {
  return !killed_at_ && acknowledged_ * 2 >= total_;
}

namespace {

void note(verification& found, std::size_t verification::*counter,
          const std::string& what) {
  ++(found.*counter);
  if (found.first_difference.empty())
    found.first_difference = what;
}

void compare_one(const iso_record& wanted, const stored_record& there,
                 const std::map<std::string, std::uint64_t>& acknowledged,
                 verification& found) {
  if (there.what.value != wanted.value)
    note(found, &verification::different,
         wanted.key + ": wrote " + wanted.value + ", read " + there.what.value);
  const auto version = acknowledged.find(wanted.key);
  if (version == acknowledged.end())
    note(found, &verification::unexpected,
         wanted.key + ": is there, though its write was never acknowledged");
  else if (version->second != there.version)
    note(found, &verification::applied_twice,
         wanted.key + ": acknowledged at version " + std::to_string(version->second)
           + ", now at " + std::to_string(there.version));
}

} // namespace

verification
compare_records(const std::vector<iso_record>& input,
                const std::map<std::string, std::uint64_t>& acknowledged,
                const std::vector<stored_record>& read) {
  verification found;
  found.read = read.size();
  found.input_checksum = checksum_of(input);
  std::vector<iso_record> contents;
  contents.reserve(read.size());
  for (const auto& record : read)
    contents.push_back(record.what);
  found.read_checksum = checksum_of(contents);
  auto there = read.begin();
  const auto note_unexpected = [&] {
    note(found, &verification::unexpected, there->what.key + ": is not in the input");
    ++there;
  };
  for (const auto& wanted : input) {
    while (there != read.end() && there->what.key < wanted.key)
      note_unexpected();
    if (there == read.end() || there->what.key != wanted.key)
      note(found, &verification::lost, wanted.key + ": is lost");
    else
      compare_one(wanted, *there++, acknowledged, found);
  }
  while (there != read.end())
    note_unexpected();
  return found;
}

json to_json(const verification& found) {
  return {{"read", found.read},
          {"lost", found.lost},
          {"different", found.different},
          {"applied_twice", found.applied_twice},
          {"unexpected", found.unexpected},
          {"input_checksum", found.input_checksum},
          {"read_checksum", found.read_checksum},
          {"first_difference", found.first_difference}};
}

result<verification> verification_from_json(const std::string& text) {
  try {
    const auto object = json::parse(text);
    verification found;
    found.read = object.at("read").get<std::size_t>();
    found.lost = object.at("lost").get<std::size_t>();
    found.different = object.at("different").get<std::size_t>();
    found.applied_twice = object.at("applied_twice").get<std::size_t>();
    found.unexpected = object.at("unexpected").get<std::size_t>();
    found.input_checksum = object.at("input_checksum").get<std::string>();
    found.read_checksum = object.at("read_checksum").get<std::string>();
    found.first_difference = object.at("first_difference").get<std::string>();
    return found;
  } catch (const json::exception& problem) {
    return make_error(error_code::invalid,
                      std::string{"not a verification: "} + problem.what());
  }
}

json to_json(const demo_report& report) {
  return {{"records", report.records},
          {"acknowledged_before_kill", report.before_kill},
          {"acknowledged_after_kill", report.after_kill},
          {"killed_node", report.killed_node},
          {"partition", report.partition},
          {"import_ms", report.import_ms},
          {"standstill_ms", report.standstill_ms},
          {"repeated_answers", report.repeated},
          {"catch_up_ms", report.catch_up_ms},
          {"verification", to_json(report.found)}};
}

std::string to_text(const demo_report& report) {
  const auto& found = report.found;
  const std::vector<std::pair<std::string, std::string>> lines{
    {"records imported", with_thousands(report.records) + " in "
                           + with_thousands(report.import_ms) + " ms"},
    {"killed with SIGKILL", "node " + std::to_string(report.killed_node)
                              + ", leader of partition "
                              + std::to_string(report.partition)},
    {"acknowledged before the kill", with_thousands(report.before_kill)},
    {"acknowledged after the kill", with_thousands(report.after_kill)},
    {"writes stood still for", with_thousands(report.standstill_ms) + " ms"},
    {"retries answered, not applied", with_thousands(report.repeated)},
    {"killed node caught up after", with_thousands(report.catch_up_ms) + " ms"},
    {"read back by a fresh process", with_thousands(found.read)},
    {"lost", with_thousands(found.lost)},
    {"applied twice", with_thousands(found.applied_twice)},
    {"different from the input", with_thousands(found.different)},
    {"not in the input", with_thousands(found.unexpected)},
    {"SHA-256 of the input", found.input_checksum},
    {"SHA-256 of what was read", found.read_checksum},
  };
  std::string text;
  for (const auto& [name, value] : lines)
    text += "  " + name + std::string(32 - name.size(), ' ') + value + '\n';
  text += found.is_clean() ? "  nothing was lost, nothing was applied twice\n"
                           : "  first difference: " + found.first_difference + '\n';
  return text;
}

std::string with_thousands(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto place = text.size(); place > 3;) {
    place -= 3;
    text.insert(place, 1, ',');
  }
  return text;
}

std::string progress_bar(std::size_t done, std::size_t total, std::size_t width) {
  const auto part = total == 0 ? width : done * width / total;
  const auto percent = total == 0 ? 100 : done * 100 / total;
  std::array<char, 8> padded{};
  std::snprintf(padded.data(), padded.size(), "%3zu %%", std::min<std::size_t>(percent, 100));
  return '[' + std::string(part, '#') + std::string(width - part, '.') + "] "
         + padded.data() + "  " + with_thousands(done) + " of "
         + with_thousands(total);
}

} // namespace present::tools
