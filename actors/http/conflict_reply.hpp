#pragma once

#include "storage/record.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace present::http {

/// A write that waits for somebody to decide, over HTTP and from `present conflicts`:
///
///     {"key":"apple","write":17,"path":"on-call","reason":"…","current":12,"value":"3"}
///
/// "write" names it, "current" is the version that was there when it came; one that removes
/// the key has "removes":true instead of a value.
nlohmann::ordered_json waiting_json(const std::string& key,
                                    const storage::escalated_write& what);

/// What became of one: {"key":"apple","write":17,"decided":"accepted","version":19}.
nlohmann::ordered_json settled_json(const std::string& key, hlc_stamp write, bool is_accepted,
                                    hlc_stamp version);

} // namespace present::http
