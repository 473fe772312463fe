#include "tests/simulation/campaign.hpp"
#include "tests/simulation/mutants.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/world.hpp"

#include <array>
#include <iostream>
#include <string>
#include <vector>

/// tools/simulate: seeded runs of a partition, and what they found.
/// Output as in INTERFACE.md, *Fields that tests read*.
namespace present::simulation {
namespace {

struct arguments : campaign_arguments {
  bool mutants = false;
  std::string only;
};

run_options options_for(const arguments& wanted, std::uint64_t seed) {
  run_options options;
  options.seed = seed;
  options.voters = wanted.nodes;
  options.faults_until_ms = wanted.until_ms;
  return options;
}

void report_failure(const arguments& wanted, std::uint64_t seed,
                    const run_result& failed) {
  std::cerr << "seed " << seed << " breaks '" << failed.oracle << "' at "
            << failed.violated_at_ms << " ms: " << failed.what
            << "\nreplay: tools/simulate" << replay_arguments(wanted, seed) << '\n';
  const auto small = shrink(options_for(wanted, seed), failed);
  std::cerr << "shrunk from " << failed.plan.size() << " to "
            << small.plan.size() << " faults; then " << small.what << " at "
            << small.violated_at_ms << " ms:\n";
  for (const auto& item : small.plan)
    std::cerr << "  " << to_string(item) << '\n';
  if (!wanted.log)
    return;
  auto again = options_for(wanted, seed);
  again.plan = small.plan;
  again.log = &std::cerr;
  run(again);
}

/// What many runs came to.
class campaign {
public:
  void add(std::uint64_t seed, const run_result& done) {
    simulated_ms_ += done.simulated_ms;
    events_ += done.events;
    writes_ += done.writes;
    reads_ += done.reads;
    unknown_ += done.unknown;
    elections_ += done.elections;
    snapshots_ += done.snapshots;
    std::array<bool, fault_kinds> planned{};
    for (const auto& item : done.plan)
      planned[static_cast<std::size_t>(item.kind)] = true;
    for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
      effective_[kind] += done.effective[kind];
      seeds_planned_[kind] += planned[kind];
      seeds_effective_[kind] += planned[kind] && done.effective[kind] > 0;
    }
    if (!done.oracle.empty())
      failed_.push_back(seed);
  }

  bool has_failed() const { return !failed_.empty(); }

  /// Kinds that had no effect in nine of ten seeds that planned them: they prove
  /// little. Nothing can be said of a few seeds.
  std::vector<std::string> weak_faults() const {
    std::vector<std::string> weak;
    for (std::size_t kind = 0; kind < fault_kinds; ++kind)
      if (seeds_planned_[kind] >= 50 && seeds_effective_[kind] * 10 < seeds_planned_[kind])
        weak.emplace_back(to_string(static_cast<fault_kind>(kind)));
    return weak;
  }

  void report(nlohmann::ordered_json& to) const {
    to["simulated_seconds"] = simulated_ms_ / 1000;
    to["events"] = events_;
    to["elections"] = elections_;
    to["snapshots"] = snapshots_;
    to["writes"] = writes_;
    to["reads"] = reads_;
    to["unknown"] = unknown_;
    to["violations"] = failed_.size();
    to["failed_seeds"] = failed_;
    for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
      const std::string name{to_string(static_cast<fault_kind>(kind))};
      to["faults"][name] = effective_[kind];
      to["fault_seeds"][name] = {{"planned", seeds_planned_[kind]},
                                 {"effective", seeds_effective_[kind]}};
    }
    to["weak_faults"] = weak_faults();
  }

private:
  using counts = std::array<std::uint64_t, fault_kinds>;
  std::uint64_t simulated_ms_ = 0, events_ = 0, writes_ = 0, reads_ = 0, unknown_ = 0;
  std::uint64_t elections_ = 0, snapshots_ = 0;
  counts effective_{};
  counts seeds_planned_{};
  counts seeds_effective_{};
  std::vector<std::uint64_t> failed_;
};

int run_seeds(const std::string& program, const arguments& wanted) {
  nlohmann::ordered_json report{{"level", wanted.level},
                                {"nodes", wanted.nodes},
                                {"seeds", wanted.seeds},
                                {"from", wanted.from}};
  campaign all;
  std::uint64_t doubled = 0, agreed = 0;
  for (auto seed = wanted.from; seed < wanted.from + wanted.seeds; ++seed) {
    const auto done = run(options_for(wanted, seed));
    all.add(seed, done);
    if (!done.oracle.empty())
      report_failure(wanted, seed, done);
    if (wanted.doubled && (seed - wanted.from) % 100 == 0) {
      ++doubled;
      agreed += agrees_elsewhere(program, wanted, seed, done.trace);
    }
  }
  all.report(report);
  report["doubled"] = doubled;
  report["agreed"] = agreed;
  print_report(report, wanted.format);
  const bool good = !all.has_failed() && agreed == doubled && all.weak_faults().empty();
  return good ? 0 : 1;
}

int run_mutants(const arguments& wanted) {
#ifdef PRESENT_MUTANTS
  nlohmann::ordered_json rows = nlohmann::json::array();
  bool all_caught = true;
  for (const auto& row : mutants) {
    if (!wanted.only.empty() && wanted.only != row.name)
      continue;
    run_result found;
    std::uint64_t tried = 0;
    while (found.oracle.empty() && tried < wanted.seeds) {
      auto options = options_for(wanted, wanted.from + tried++);
      options.defect = row.defect;
      options.voters = row.voters;
      options.focus = row.focus;
      found = run(options);
      // It is caught only if the same seed passes without it.
      options.defect = {};
      if (!found.oracle.empty() && !run(options).oracle.empty())
        found = {};
    }
    const bool caught = !found.oracle.empty();
    all_caught = all_caught && caught;
    rows.push_back({{"name", row.name},
                    {"rule", row.rule},
                    {"caught", caught},
                    {"by", found.oracle},
                    {"seeds", tried}});
    if (wanted.format != "json")
      std::cout << (caught ? "caught  " : "MISSED  ") << row.name << " (rule "
                << row.rule << ") after " << tried << " seeds: " << found.oracle
                << ": " << found.what << '\n';
  }
  if (wanted.format == "json")
    std::cout << nlohmann::ordered_json{{"level", wanted.level},
                                        {"mutants", rows}}
                   .dump(2)
              << '\n';
  return all_caught ? 0 : 1;
#else
  static_cast<void>(wanted);
  std::cerr << "this program has no mutants in it: use simulate_mutants\n";
  return 2;
#endif
}

int simulate(int argc, char** argv) {
  arguments wanted;
  CLI::App app{"Seeded simulation of a partition's replicas and clients"};
  wanted.level = "machine";
  add_options(app, wanted, {1, 3, 5});
  app.add_flag("--mutants", wanted.mutants, "which defects are caught, and by what");
  app.add_option("--only", wanted.only, "of the defects, this one");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  if (wanted.trace) {
    std::cout << run(options_for(wanted, wanted.from)).trace << '\n';
    return 0;
  }
  return wanted.mutants ? run_mutants(wanted) : run_seeds(argv[0], wanted);
}

} // namespace
} // namespace present::simulation

int main(int argc, char** argv) {
  return present::simulation::simulate(argc, argv);
}
