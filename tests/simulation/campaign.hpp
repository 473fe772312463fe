#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

/// What the programs behind tools/simulate share, at whichever level.
namespace present::simulation {

struct campaign_arguments {
  std::uint64_t seeds = 100;
  std::uint64_t from = 1;
  std::uint32_t nodes = 3;
  std::string level;
  std::string format = "table";
  std::uint64_t until_ms = 6000;
  bool trace = false;
  bool log = false;
  bool doubled = true;
};

inline void add_options(CLI::App& app, campaign_arguments& wanted,
                        const std::vector<std::uint32_t>& sizes) {
  app.add_option("--seeds", wanted.seeds, "how many");
  app.add_option("--from", wanted.from, "the first");
  app.add_option("--nodes", wanted.nodes, "how many")->check(CLI::IsMember(sizes));
  app.add_option("--level", wanted.level)->check(CLI::IsMember({wanted.level}));
  app.add_option("-o", wanted.format)->check(CLI::IsMember({"table", "json"}));
  app.add_option("--until-ms", wanted.until_ms, "how long faults last");
  app.add_flag("--trace", wanted.trace, "print the trace hash of seed --from only");
  app.add_flag("--log", wanted.log, "every step of a failed seed, shrunk, in words");
  app.add_flag("!--no-doubled", wanted.doubled, "don't repeat one in a hundred");
}

/// The arguments that repeat one seed.
inline std::string replay_arguments(const campaign_arguments& wanted, std::uint64_t seed) {
  return " --level " + wanted.level + " --nodes " + std::to_string(wanted.nodes) + " --from "
         + std::to_string(seed) + " --seeds 1 --until-ms " + std::to_string(wanted.until_ms);
}

/// Whether the same seed comes to the same in another process, where addresses differ.
inline bool agrees_elsewhere(const std::string& program, const campaign_arguments& wanted,
                             std::uint64_t seed, std::uint64_t trace_here) {
  const auto command = program + replay_arguments(wanted, seed) + " --trace";
  auto* output = popen(command.c_str(), "r");
  if (!output)
    return false;
  unsigned long long trace = 0;
  const bool read = std::fscanf(output, "%llu", &trace) == 1;
  pclose(output);
  return read && trace == trace_here;
}

inline void print_report(const nlohmann::ordered_json& report, const std::string& format) {
  if (format == "json")
    std::cout << report.dump(2) << '\n';
  else
    for (const auto& [name, value] : report.items())
      std::cout << name << ": " << value << '\n';
}

} // namespace present::simulation
