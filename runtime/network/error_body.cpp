#include "runtime/network/error_body.hpp"

#include <nlohmann/json.hpp>

namespace present {

nlohmann::ordered_json error_body(const error& problem) {
  const auto& traits = traits_of(problem.code);
  nlohmann::ordered_json body;
  body["code"] = traits.name;
  body["message"] = problem.message;
  body["outcome"] = to_string(problem.known);
  body["retryable"] = traits.retryable;
  body["retry_after_ms"] = problem.retry_after_ms;
  body["trace_id"] = problem.trace_id;
  if (problem.leader_hint != 0)
    body["leader"] = problem.leader_hint;
  if (problem.code == error_code::version_conflict)
    body["current_version"] = problem.current_version;
  return body;
}

} // namespace present
