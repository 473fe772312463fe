#include "runtime/network/http_routes.hpp"

#include "runtime/base/check.hpp"

#include <utility>

namespace present::network {
namespace {

bool fits(const std::vector<std::string>& pattern,
          const std::vector<std::string>& segments) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == "**")
      return true;
    if (at >= segments.size()
        || (pattern[at] != "*" && pattern[at] != segments[at]))
      return false;
  }
  return pattern.size() == segments.size();
}

std::unique_ptr<http_routes::route> make_route(const std::string& method,
                                               const std::string& pattern) {
  auto parsed = parse_target(pattern);
  check(bool(parsed), "H1: a route's pattern is a path");
  auto made = std::make_unique<http_routes::route>();
  made->method = method;
  made->pattern = std::move(parsed->segments);
  return made;
}

} // namespace

void http_routes::add(const std::string& method, const std::string& pattern,
                      http_responder respond) {
  routes_.push_back(make_route(method, pattern));
  routes_.back()->respond = kj::mv(respond);
}

void http_routes::add_stream(const std::string& method,
                             const std::string& pattern,
                             http_stream_responder respond) {
  routes_.push_back(make_route(method, pattern));
  routes_.back()->stream = kj::mv(respond);
}

http_routes::found http_routes::find(const std::string& method,
                                     const http_target& target) {
  found answer;
  for (const auto& each : routes_) {
    if (!fits(each->pattern, target.segments))
      continue;
    if (each->method == method)
      return {each.get(), {}};
    answer.allowed += (answer.allowed.empty() ? "" : ", ") + each->method;
  }
  return answer;
}

void add_health_routes(http_routes& routes, health_sources sources) {
  routes.add("GET", "/healthz",
             [](http_request) -> kj::Promise<http_reply> {
               return text_reply(200, "ok\n");
             });
  routes.add("GET", "/readyz",
             [not_ready = std::move(sources.not_ready)](
               http_request) -> kj::Promise<http_reply> {
               return not_ready().then([](std::string why) {
                 return why.empty() ? text_reply(200, "ready\n")
                                    : text_reply(503, why + "\n");
               });
             });
  routes.add("GET", "/metrics",
             [metrics = std::move(sources.metrics)](
               http_request) -> kj::Promise<http_reply> {
               auto reply = text_reply(200, metrics());
               reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
               return reply;
             });
}

} // namespace present::network
