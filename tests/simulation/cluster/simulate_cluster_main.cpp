#include "runtime/edge/log.hpp"
#include "tests/simulation/campaign.hpp"
#include "tests/simulation/cluster/cluster_world.hpp"
#include "tests/simulation/cluster/mutants.hpp"
#include "tests/simulation/fault_seeds.hpp"
#include "tests/simulation/mutant_campaign.hpp"
#include "tests/simulation/thin_out.hpp"

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

/// tools/simulate --level cluster: seeded runs of whole clusters of actors, and what
/// they found. Output as in INTERFACE.md, *Fields that tests read*.
namespace present::simulation::cluster {
namespace {

constexpr unsigned shrinking_runs = 60;

struct arguments : campaign_arguments {
  bool shrink = true;
  bool mutants = false;
  std::string only;
};

run_options options_for(const arguments& wanted, std::uint64_t seed) {
  run_options options;
  options.seed = seed;
  options.nodes = wanted.nodes;
  options.faults_until_ms = wanted.until_ms;
  return options;
}

/// What went wrong, how to see it again, and with how few faults it still does.
void report_failure(const arguments& wanted, std::uint64_t seed, const run_result& failed) {
  std::cerr << "seed " << seed << " breaks '" << failed.oracle << "' at "
            << failed.violated_at_ms << " ms: " << failed.what << "\nreplay: tools/simulate"
            << replay_arguments(wanted, seed) << " --log\n";
  if (!wanted.log)
    for (const auto& line : failed.last_words)
      std::cerr << "    " << line << '\n';
  auto options = options_for(wanted, seed);
  const auto fails = [&](const std::vector<fault>& plan) {
    options.plan = plan;
    return run(options).oracle == failed.oracle;
  };
  const auto plan = thin_out(failed.plan, fails, wanted.shrink ? shrinking_runs : 0);
  std::cerr << "shrunk from " << failed.plan.size() << " to " << plan.size() << " faults:\n";
  for (const auto& item : plan)
    std::cerr << "  " << to_string(item) << '\n';
  if (!wanted.log)
    return;
  options.plan = plan;
  options.log = &std::cerr;
  run(options);
}

/// What all seeds together came to.
struct totals {
  std::uint64_t simulated_ms = 0;
  std::uint64_t events = 0;
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t unknown = 0;
  workload::by_source commits{};
  workload::by_source refusals{};
  std::uint64_t states_compared = 0;
  std::uint64_t digests_told = 0;
  std::uint64_t doubled = 0;
  std::uint64_t agreed = 0;
  fault_seeds<fault_kind, fault_kinds> faults;
  mark_tally died_at{};
  std::vector<std::uint64_t> failed;
  std::chrono::duration<double> took{};

  void add(const run_result& done) {
    simulated_ms += done.simulated_ms;
    events += done.events;
    writes += done.writes;
    reads += done.reads;
    unknown += done.unknown;
    for (std::size_t source = 0; source < commits.size(); ++source) {
      commits[source] += done.commits[source];
      refusals[source] += done.refusals[source];
    }
    states_compared += done.states_compared;
    digests_told += done.digests_told;
    for (std::size_t mark = 0; mark < died_at.size(); ++mark)
      died_at[mark] += done.died_at[mark];
    faults.add(done.plan, [&](fault_kind kind) { return done.effective.of(kind); });
  }
};

nlohmann::ordered_json report_of(const arguments& wanted, const totals& sum) {
  const auto seconds = static_cast<double>(sum.simulated_ms) / 1000;
  nlohmann::ordered_json report{{"level", wanted.level},
                                {"nodes", wanted.nodes},
                                {"seeds", wanted.seeds},
                                {"from", wanted.from},
                                {"simulated_seconds", sum.simulated_ms / 1000},
                                {"times_real_time", seconds / sum.took.count()},
                                {"events", sum.events},
                                {"writes", sum.writes},
                                {"reads", sum.reads},
                                {"unknown", sum.unknown},
                                {"transactions_on_lists", sum.commits[0]},
                                {"transactions_under_lock", sum.commits[1]},
                                {"refused_by_fence", sum.refusals[1]},
                                {"transactions_by_rules", sum.commits[2]},
                                {"refused_by_policy", sum.refusals[2]},
                                {"states_compared", sum.states_compared},
                                {"digests_told", sum.digests_told},
                                {"violations", sum.failed.size()},
                                {"failed_seeds", sum.failed},
                                {"doubled", sum.doubled},
                                {"agreed", sum.agreed}};
  auto& marks = report["died_at"];
  for (std::size_t mark = 0; mark < sum.died_at.size(); ++mark)
    marks[std::string{transaction::mark_names[mark]}] = sum.died_at[mark];
  sum.faults.report(report);
  return report;
}

int run_seeds(const std::string& program, const arguments& wanted) {
  totals sum;
  for (auto seed = wanted.from; seed < wanted.from + wanted.seeds; ++seed) {
    const auto began = std::chrono::steady_clock::now();
    const auto done = run(options_for(wanted, seed));
    sum.took += std::chrono::steady_clock::now() - began;
    sum.add(done);
    if (!done.oracle.empty()) {
      sum.failed.push_back(seed);
      report_failure(wanted, seed, done);
    }
    if (wanted.doubled && (seed - wanted.from) % 100 == 0) {
      ++sum.doubled;
      sum.agreed += agrees_elsewhere(program, wanted, seed, done.trace);
    }
  }
  const auto report = report_of(wanted, sum);
  print_report(report, wanted.format);
  return sum.failed.empty() && sum.agreed == sum.doubled && sum.faults.weak().empty() ? 0 : 1;
}

#ifdef PRESENT_MUTANTS
void switch_on(const any_mutant& defect) {
  std::visit([](auto which) { active_mutant<decltype(which)> = which; }, defect);
}

int run_mutants(const arguments& wanted) {
  mutant_campaign all{wanted, wanted.only};
  for (const auto& row : mutants)
    all.judge(row.name, row.rule, [&] {
      return all.look_for([&](std::uint64_t seed, bool with_defect) {
        if (with_defect)
          switch_on(row.defect);
        const auto done = run(options_for(wanted, seed));
        switch_on(partition::mutant::none);
        switch_on(transaction::mutant::none);
        return done.oracle;
      });
    });
  return all.report();
}
#else
int run_mutants(const arguments&) {
  return refuse_mutants("simulate_cluster_mutants");
}
#endif

int simulate(int argc, char** argv) {
  arguments wanted;
  CLI::App app{"Seeded simulation of a cluster of actors"};
  wanted.level = "cluster";
  wanted.seeds = 10;
  wanted.until_ms = 8000;
  add_options(app, wanted, {1, 3, 5, 7});
  app.add_flag("!--no-shrink", wanted.shrink, "leave a failed seed's faults as they are");
  app.add_flag("--mutants", wanted.mutants, "which defects are caught, and by what");
  app.add_option("--only", wanted.only, "of the defects, this one");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  edge::redirect_log([](edge::log_level, std::string_view) {});
  if (wanted.trace) {
    std::cout << run(options_for(wanted, wanted.from)).trace << '\n';
    return 0;
  }
  return wanted.mutants ? run_mutants(wanted) : run_seeds(argv[0], wanted);
}

} // namespace
} // namespace present::simulation::cluster

int main(int argc, char** argv) {
  return present::simulation::cluster::simulate(argc, argv);
}
