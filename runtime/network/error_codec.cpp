#include "runtime/network/error_codec.hpp"

#include "schemas/capnp_text.hpp"

namespace present {
namespace {

// The numbers of the schema are those of the program, on both ends of the list.
static_assert(static_cast<int>(schema::ErrorCode::NOT_FOUND)
              == static_cast<int>(error_code::not_found));
static_assert(static_cast<int>(schema::ErrorCode::INVALID)
              == static_cast<int>(error_code::invalid));
static_assert(static_cast<int>(schema::Outcome::UNKNOWN)
              == static_cast<int>(outcome::unknown));

using schema::string_of;
using schema::text_of;

} // namespace

void encode_error(const error& from, schema::Error::Builder to) {
  to.setCode(static_cast<schema::ErrorCode>(from.code));
  to.setOutcome(static_cast<schema::Outcome>(from.known));
  if (!from.message.empty())
    to.setMessage(text_of(from.message));
  to.setRetryAfterMs(from.retry_after_ms);
  to.setLeaderHint(from.leader_hint);
  to.setCurrentVersion(from.current_version);
  if (!from.trace_id.empty())
    to.setTraceId(text_of(from.trace_id));
}

error decode_error(schema::Error::Reader from) {
  error problem;
  problem.code = static_cast<error_code>(from.getCode());
  problem.known = static_cast<outcome>(from.getOutcome());
  if (problem.code > error_code::invalid)
    problem.code = error_code::unknown_outcome;
  if (problem.known > outcome::unknown
      || problem.code == error_code::unknown_outcome)
    problem.known = outcome::unknown;
  problem.message = string_of(from.getMessage());
  problem.retry_after_ms = from.getRetryAfterMs();
  problem.leader_hint = from.getLeaderHint();
  problem.current_version = from.getCurrentVersion();
  problem.trace_id = string_of(from.getTraceId());
  return problem;
}

} // namespace present
