#include "actors/http/query_reader.hpp"

#include "runtime/base/joined.hpp"
#include "runtime/base/parse_count.hpp"

#include <algorithm>

namespace present::http {

namespace {

error wrong(std::string_view name, const std::string& what) {
  return make_error(error_code::invalid, "query: " + std::string{name} + ": " + what);
}

} // namespace

std::optional<std::string> query_reader::text(std::string_view name) {
  known_.emplace(name);
  const auto times = std::count_if(target_.query.begin(), target_.query.end(),
                                   [&](const auto& pair) { return pair.first == name; });
  if (times > 1)
    complain(wrong(name, "is given " + std::to_string(times) + " times"));
  const auto value = target_.value_of(name);
  return value ? std::optional<std::string>{*value} : std::nullopt;
}

std::optional<std::uint64_t> query_reader::number(std::string_view name, std::uint64_t least,
                                                  std::uint64_t most, bool is_limit) {
  const auto given = text(name);
  if (!given)
    return std::nullopt;
  const auto value = parse_count(*given);
  if (!value || *value < least) {
    complain(wrong(name, "'" + *given + "' is not a number from " + std::to_string(least)
                           + " to " + std::to_string(most)));
    return std::nullopt;
  }
  if (*value > most) {
    auto why = wrong(name, *given + "; the limit is " + std::to_string(most));
    if (is_limit)
      why.code = error_code::too_large;
    complain(std::move(why));
    return std::nullopt;
  }
  return value;
}

bool query_reader::flag(std::string_view name) {
  const auto given = text(name);
  if (given && !given->empty() && *given != "true" && *given != "false")
    complain(wrong(name, "'" + *given + "' is neither true nor false"));
  return given && *given != "false";
}

void query_reader::complain(error what) {
  if (!problem_)
    problem_ = std::move(what);
}

std::optional<error> query_reader::problem() {
  const auto all = joined(known_);
  for (const auto& [name, value] : target_.query)
    if (!known_.contains(name))
      complain(wrong("'" + name + "'", all.empty() ? "this path takes no parameters"
                                                   : "unknown; this path takes " + all));
  return problem_;
}

} // namespace present::http
