#pragma once

#include <stdexcept>
#include <string>

namespace present::simulation {

/// An oracle, or a client's history, says that the protocol went wrong.
class oracle_violation : public std::runtime_error {
public:
  oracle_violation(std::string oracle, const std::string& what)
    : std::runtime_error(what), oracle_(std::move(oracle)) {}
  const std::string& oracle() const { return oracle_; }

private:
  std::string oracle_;
};

inline void expect(bool holds, const char* oracle, const std::string& what) {
  if (!holds) [[unlikely]]
    throw oracle_violation(oracle, what);
}

} // namespace present::simulation
