#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/base/error.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace present::http {

/// The body of POST /v1/batch:
///
///     {"operations":[
///       {"op":"put","space":"s","key":"k","value":"v","if_absent":true},
///       {"op":"put","space":"s","key":"aw==","value":"dg==","encoding":"base64"},
///       {"op":"delete","space":"s","key":"k","if_version":17},
///       {"op":"get","space":"s","key":"k","consistency":"stale"}]}
///
/// Errors are `invalid` or `too_large`, and name the place: "body: line 3, column
/// 14: …" where it is no JSON, "operations[7].key: …" where it is another.
result<std::vector<client::call_kind>> parse_batch_body(std::string_view body);

/// The body of PUT /v1/spaces/{space}: empty, or an object with one of
///
///     {"split":4}                     ranges, cut evenly by the first byte of keys
///     {"split_at":["g","p"]}          keys at which ranges begin, besides the first
///     {"split_at":["/w=="],"encoding":"base64"}
result<create_space> parse_space_body(std::string name, std::string_view body);

} // namespace present::http
