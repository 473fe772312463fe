#include "runtime/network/http_routes.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::network;

namespace {

http_target parsed(std::string_view text) {
  auto target = parse_target(text);
  REQUIRE(target);
  return *target;
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("a path is split before it is decoded") {
  CHECK(parsed("/").segments == words{""});
  CHECK(parsed("/v1/kv/space/key").segments == words{"v1", "kv", "space", "key"});
  CHECK(parsed("/v1/a%2Fb/").segments == words{"v1", "a/b", ""});
  CHECK(parsed("/%00%ff+%2b").segments == words{std::string("\0\xff++", 4)});
  CHECK(parsed("/a?x=1#/b").segments == words{"a"});
}

TEST_CASE("a query keeps its order, its doubles and what has no value") {
  const auto target = parsed("/a?limit=5&limit=6&&after=%26%3D&stale");
  CHECK(target.query.size() == 4);
  CHECK(target.value_of("limit") == "5");
  CHECK(target.value_of("after") == "&=");
  CHECK(target.value_of("stale") == "");
  CHECK_FALSE(target.value_of("start").has_value());
}

TEST_CASE("what is no path, or wrongly escaped, is invalid") {
  for (const auto* bad : {"", "a", "*", "http://host/", "/%", "/%2", "/%g0",
                          "/a%2", "/a?x=%", "/a?%zz=1"})
    CHECK_MESSAGE(!parse_target(bad), bad);
}

TEST_CASE("a header is found whatever the case of its name") {
  http_request request;
  request.headers = {{"If-Match", "7"}, {"TraceParent", "00-1"}};
  CHECK(request.header("if-match") == "7");
  CHECK(request.header("traceparent") == "00-1");
  CHECK_FALSE(request.header("if-none-match").has_value());
}

TEST_CASE("an error has the status, the body and the retry of the interface") {
  auto problem = make_error(error_code::overloaded, "say \"no\" \xff");
  problem.retry_after_ms = 1200;
  problem.trace_id = "abc";
  const auto reply = error_reply(problem);
  CHECK(reply.status == 503);
  CHECK(reply.content_type == "application/json");
  CHECK(reply.headers
        == decltype(reply.headers){{"Retry-After", "2"}});
  const auto body = nlohmann::json::parse(reply.body);
  CHECK(body.size() == 6);
  CHECK(body["code"] == "overloaded");
  CHECK(body["outcome"] == "not_applied");
  CHECK(body["retryable"] == true);
  CHECK(body["retry_after_ms"] == 1200);
  CHECK(body["trace_id"] == "abc");
  CHECK(error_reply(make_error(error_code::not_found, "")).status == 404);
  CHECK(error_reply(make_error(error_code::not_found, "")).headers.empty());
}

TEST_CASE("503 says when to come back also where nobody knows; a conflict, what is there") {
  const auto reply = error_reply(make_error(error_code::no_quorum, ""));
  CHECK(reply.headers == decltype(reply.headers){{"Retry-After", "1"}});
  auto conflict = make_error(error_code::version_conflict, "");
  CHECK(error_reply(conflict).headers.empty());
  CHECK(nlohmann::json::parse(error_reply(conflict).body)["current_version"] == 0);
  conflict.current_version = 17;
  CHECK(error_reply(conflict).headers == decltype(reply.headers){{"ETag", "\"17\""}});
  CHECK(nlohmann::json::parse(error_reply(conflict).body)["current_version"] == 17);
}

TEST_CASE("every status of the closed list of errors has its text") {
  for (std::uint16_t raw = 1; raw <= 23; ++raw)
    CHECK(std::string(
            status_text(traits_of(static_cast<error_code>(raw)).http_status))
          != "Status");
}

TEST_CASE("the first route that fits answers; others tell their methods") {
  http_routes routes;
  const auto nothing = [](http_request) -> kj::Promise<http_reply> {
    return http_reply{};
  };
  routes.add("GET", "/v1/status", nothing);
  routes.add("GET", "/v1/kv/*", nothing);
  routes.add("GET", "/v1/kv/*/**", nothing);
  routes.add("PUT", "/v1/kv/*/**", nothing);
  const auto pattern = [&](const char* method, const char* path) {
    const auto found = routes.find(method, parsed(path));
    return found.to ? found.to->pattern : words{found.allowed};
  };
  CHECK(pattern("GET", "/v1/status") == words{"v1", "status"});
  CHECK(pattern("GET", "/v1/kv/s") == words{"v1", "kv", "*"});
  CHECK(pattern("GET", "/v1/kv/s/a/b") == words{"v1", "kv", "*", "**"});
  CHECK(pattern("PUT", "/v1/kv/s/a") == words{"v1", "kv", "*", "**"});
  CHECK(pattern("DELETE", "/v1/kv/s/a") == words{"GET, PUT"});
  CHECK(pattern("GET", "/v1/kv") == words{""});
  CHECK(pattern("GET", "/v1/status/x") == words{""});
}
