#pragma once

#include "actors/http/plan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace present::http::test {

using headers = std::vector<std::pair<std::string, std::string>>;

/// A request as the listener hands it over.
inline network::http_request sent(const std::string& method, const std::string& target,
                                     headers with = {}, std::string body = {}) {
  network::http_request asked;
  asked.method = method;
  auto parsed = network::parse_target(target);
  REQUIRE(parsed);
  asked.target = std::move(*parsed);
  asked.headers = std::move(with);
  asked.body = std::move(body);
  asked.who = network::client_identity("0123456789ab", "me");
  return asked;
}

inline plan planned(action what, network::http_request asked) {
  auto made = understand(what, std::move(asked));
  REQUIRE_MESSAGE(made, (made ? "" : made.problem().message));
  return std::move(*made);
}

/// "invalid: what was said".
inline std::string complaint(action what, network::http_request asked) {
  const auto made = understand(what, std::move(asked));
  REQUIRE_FALSE(made);
  return std::string{traits_of(made.problem().code).name} + ": " + made.problem().message;
}

template <class Call>
const Call& call_of(const plan& made, std::size_t place = 0) {
  REQUIRE(place < made.ask.calls.size());
  REQUIRE(std::holds_alternative<Call>(made.ask.calls[place]));
  return std::get<Call>(made.ask.calls[place]);
}

inline client::outcome_of_call success(std::uint64_t version, const char* value = nullptr) {
  client::outcome_of_call how;
  how.given.version = {version};
  if (value)
    how.given.value = std::make_shared<const std::string>(value);
  return how;
}

inline client::outcome_of_call failure(error_code code, std::uint64_t current_version = 0) {
  client::outcome_of_call how;
  how.problem = make_error(code, "said the cluster");
  how.problem.current_version = current_version;
  return how;
}

inline network::http_reply reply(const plan& made, client::outcome_of_call how) {
  client::batch_outcome outcome;
  outcome.outcomes.push_back(std::move(how));
  return reply_to(made, std::move(outcome));
}

inline std::string header_of(const network::http_reply& from, const std::string& name) {
  for (const auto& [key, value] : from.headers)
    if (key == name)
      return value;
  return {};
}

} // namespace present::http::test
