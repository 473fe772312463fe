#pragma once

#include "tests/simulation/oracle_violation.hpp"

#include <optional>
#include <string>
#include <utility>

namespace present::simulation::cluster {

/// Where oracles report what went wrong. Many of them are called from within an
/// actor, where an exception would only be one more crash: so the first report is
/// kept, and thrown when the actor's turn is over.
class witness {
public:
  void expect(bool holds, const char* oracle, const std::string& what) {
    if (!holds && !found_)
      found_.emplace(oracle, what);
  }

  void testify() {
    if (found_)
      throw *found_;
  }

private:
  std::optional<oracle_violation> found_;
};

} // namespace present::simulation::cluster
