#pragma once

#include <stdexcept>
#include <string>

namespace present {

/// A broken invariant. The partition that meets one stops and says why; the
/// process stays up (CONSENSUS.md, rule 14). It is the one exception that may
/// leave a machine: there is no value it could return instead.
class invariant_violation : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

/// Stays on in release builds. `invariant` cites the number in the machine's
/// header and says what was found: "I3: committed 7 below applied 9".
inline void check(bool holds, const char* invariant) {
  if (!holds) [[unlikely]]
    throw invariant_violation(invariant);
}

inline void check(bool holds, const std::string& invariant) {
  if (!holds) [[unlikely]]
    throw invariant_violation(invariant);
}

} // namespace present
