#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/base/error.hpp"

#include <string_view>

namespace present::http {

/// The body of POST /v1/txn, and the file of `present txn`:
///
///     {"compare":[
///        {"space":"s","key":"k","version":17},
///        {"space":"s","key":"k","is":"less","value":"m"},
///        {"space":"s","key":"k","exists":false}],
///      "then":[
///        {"op":"put","space":"s","key":"k","value":"v"},
///        {"op":"delete","space":"s","key":"k"},
///        {"op":"get","space":"s","key":"k"},
///        {"op":"scan","space":"s","first":"a","last":"m","limit":10,"keys_only":true},
///        {"op":"add","space":"s","key":"n","number":-5},
///        {"op":"append","space":"s","key":"l","element":"e"}],
///      "else":[]}
///
/// "is" is equal, not_equal, less or greater; numbers are changed by add, min and max,
/// elements by append, insert and take_out. "encoding":"base64" in any of them is of
/// its keys, values and elements. Errors are `invalid` or `too_large`, and name the
/// place, as those of a batch.
result<client::transact_call> parse_transaction_body(std::string_view body);

} // namespace present::http
