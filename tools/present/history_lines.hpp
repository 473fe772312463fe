#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/operation.hpp"

#include <string>
#include <vector>

/// Histories as files that other checkers read: one JSON object a line, times in
/// nanoseconds of one monotonic clock, `return` 0 where the outcome is unknown.
///
///   {"client":0,"op":"get","key":"k","out":"y","found":true,"ok":true,"call":1,"return":10}
///   {"client":0,"op":"put","key":"k","value":"v","ok":true,"call":1,"return":10}
///   {"client":0,"op":"cas","key":"k","value":"v","expect":"x","ok":false,"call":1,"return":10}
///   {"client":0,"op":"delete","key":"k","ok":true,"call":1,"return":10}
///   {"client":0,"op":"add","key":"k","amount":1,"total":7,"ok":true,"call":1,"return":10}
///   {"client":0,"op":"total","key":"k","total":7,"ok":true,"call":1,"return":10}
///   {"client":0,"op":"insert","key":"k","value":"m","ok":true,"call":1,"return":10}
///   {"client":0,"op":"members","key":"k","members":["m"],"ok":true,"call":1,"return":10}
///
/// `ok` of a cas says whether it wrote; else whether the outcome is known. A cas of
/// an absent key has no `expect`, one that deletes no `value`.
namespace present::tools {

std::string encode_history(const std::vector<histories::operation>& history);

/// `invalid` with `origin`, the line and the member that is wrong.
result<std::vector<histories::operation>> decode_history(const std::string& text,
                                                         const std::string& origin);

} // namespace present::tools
