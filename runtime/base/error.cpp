#include "runtime/base/error.hpp"

#include <array>

namespace present {

namespace {

constexpr auto none = outcome::not_applied;
constexpr auto unsure = outcome::unknown;

// name, retryable, outcome, HTTP status, exit code: the table of INTERFACE.md.
constexpr std::array<error_traits, 24> table{{
  {"ok", false, outcome::applied, 200, 0},
  {"not_found", false, none, 404, 3},
  {"unknown_space", false, none, 404, 3},
  {"version_conflict", false, none, 409, 4},
  {"transaction_conflict", true, none, 409, 4},
  {"retroactive_write", false, none, 409, 4},
  {"too_old", false, none, 409, 4},
  {"fenced", false, none, 409, 4},
  {"schema_incompatible", false, none, 422, 4},
  {"obligation_violated", false, none, 422, 4},
  {"denied", false, none, 403, 5},
  {"unauthenticated", false, none, 401, 5},
  {"not_leader", true, none, 421, 6},
  {"wrong_partition", true, none, 421, 6},
  {"no_quorum", true, none, 503, 6},
  {"overloaded", true, none, 503, 6},
  {"disk_full", true, none, 503, 6},
  {"clock_skew", true, none, 503, 6},
  {"damaged", true, none, 503, 6},
  {"deadline", false, unsure, 504, 8},
  {"session_expired", false, unsure, 410, 8},
  {"unknown_outcome", false, unsure, 504, 8},
  {"too_large", false, none, 413, 2},
  {"invalid", false, none, 400, 2},
}};

} // namespace

const error_traits& traits_of(error_code code) {
  const auto row = static_cast<std::size_t>(code);
  // A code from a newer program: its effect can't be known here.
  if (row >= table.size())
    return table[static_cast<std::size_t>(error_code::unknown_outcome)];
  return table[row];
}

error_code error_code_named(std::string_view name) {
  for (std::size_t row = 0; row < table.size(); ++row)
    if (table[row].name == name)
      return static_cast<error_code>(row);
  return error_code::ok;
}

std::string_view to_string(outcome value) {
  switch (value) {
    case outcome::not_applied:
      return "not_applied";
    case outcome::applied:
      return "applied";
    case outcome::unknown:
      return "unknown";
  }
  return "unknown";
}

error make_error(error_code code, std::string message) {
  error problem;
  problem.code = code;
  problem.message = std::move(message);
  problem.known = traits_of(code).known_outcome;
  return problem;
}

} // namespace present
