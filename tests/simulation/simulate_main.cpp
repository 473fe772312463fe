#include "tests/simulation/campaign.hpp"
#include "tests/simulation/directed_mutants.hpp"
#include "tests/simulation/fault_seeds.hpp"
#include "tests/simulation/mutant_campaign.hpp"
#include "tests/simulation/mutants.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/world.hpp"

#include <iostream>
#include <string>
#include <string_view>
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
    faults_.add(done.plan, [&](fault_kind kind) {
      return done.effective[static_cast<std::size_t>(kind)];
    });
    if (!done.oracle.empty())
      failed_.push_back(seed);
  }

  bool has_failed() const { return !failed_.empty(); }

  bool has_weak_faults() const { return !faults_.weak().empty(); }

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
    faults_.report(to);
  }

private:
  std::uint64_t simulated_ms_ = 0, events_ = 0, writes_ = 0, reads_ = 0, unknown_ = 0;
  std::uint64_t elections_ = 0, snapshots_ = 0;
  fault_seeds<fault_kind, fault_kinds> faults_;
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
  const bool good = !all.has_failed() && agreed == doubled && !all.has_weak_faults();
  return good ? 0 : 1;
}

#ifdef PRESENT_MUTANTS
int run_mutants(const std::string& program, const arguments& wanted) {
  mutant_campaign all{wanted, wanted.only};
  for (const auto& row : mutants)
    all.judge(row.name, row.rule, [&] {
      return all.look_for([&](std::uint64_t seed, bool with_defect) {
        auto options = options_for(wanted, seed);
        options.voters = row.voters;
        options.focus = row.focus;
        if (with_defect)
          options.defect = row.defect;
        return run(options).oracle;
      });
    });
  const auto builds = program.substr(0, program.find_last_of('/') + 1) + "../..";
  for (const auto& row : directed_mutants)
    all.judge(row.name, row.rule, [&] {
      return mutant_verdict{is_shown(row, builds), std::string{"test: "} + row.test, 0};
    });
  return all.report();
}
#else
int run_mutants(const std::string&, const arguments&) {
  return refuse_mutants("simulate_mutants");
}
#endif

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
  return wanted.mutants ? run_mutants(argv[0], wanted) : run_seeds(argv[0], wanted);
}

} // namespace
} // namespace present::simulation

int main(int argc, char** argv) {
  return present::simulation::simulate(argc, argv);
}
