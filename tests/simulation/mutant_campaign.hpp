#pragma once

#include "tests/simulation/campaign.hpp"

#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace present::simulation {

struct mutant_verdict {
  bool caught = false;
  std::string by;
  std::uint64_t seeds = 0;
};

/// Which deliberate defects are caught, and by what: `--mutants`, at any level.
class mutant_campaign {
public:
  mutant_campaign(const campaign_arguments& wanted, std::string only)
      : wanted_(wanted), only_(std::move(only)) {}

  /// `run(seed, with_defect)` is the oracle that was violated, or empty. A defect is caught
  /// only if the same seed passes without it.
  template <class Run>
  mutant_verdict look_for(Run run) const {
    mutant_verdict found;
    while (!found.caught && found.seeds < wanted_.seeds) {
      const auto seed = wanted_.from + found.seeds++;
      found.by = run(seed, true);
      found.caught = !found.by.empty() && run(seed, false).empty();
    }
    return found;
  }

  template <class VerdictOf>
  void judge(std::string_view name, std::string_view rule, VerdictOf verdict_of) {
    if (!only_.empty() && only_ != name)
      return;
    const mutant_verdict found = verdict_of();
    all_caught_ = all_caught_ && found.caught;
    rows_.push_back({{"name", name},
                     {"rule", rule},
                     {"caught", found.caught},
                     {"by", found.by},
                     {"seeds", found.seeds}});
    if (wanted_.format != "json")
      std::cout << (found.caught ? "caught  " : "MISSED  ") << name << " (rule " << rule
                << ") after " << found.seeds << " seeds: " << found.by << std::endl;
  }

  /// The program's exit code.
  int report() const {
    if (wanted_.format == "json")
      std::cout << nlohmann::ordered_json{{"level", wanted_.level}, {"mutants", rows_}}.dump(2)
                << '\n';
    return all_caught_ && !rows_.empty() ? 0 : 1;
  }

private:
  const campaign_arguments& wanted_;
  const std::string only_;
  nlohmann::ordered_json rows_ = nlohmann::json::array();
  bool all_caught_ = true;
};

/// Of a program that was built without them.
inline int refuse_mutants(const std::string& program) {
  std::cerr << "this program has no mutants in it: use " << program << '\n';
  return 2;
}

} // namespace present::simulation
