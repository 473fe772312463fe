#pragma once

#include "runtime/base/error.hpp"

#include <nlohmann/json_fwd.hpp>

namespace present {

/// The body that every interface gives for an error (INTERFACE: errors): {"code",
/// "message","outcome","retryable","retry_after_ms","trace_id"}, and where there is
/// one "leader"; of a version conflict "current_version", 0 for no such key.
nlohmann::ordered_json error_body(const error& problem);

} // namespace present
