#include "actors/http/idempotency.hpp"
#include "actors/http/plan.hpp"
#include "actors/http/watch_query.hpp"
#include "runtime/network/http_routes.hpp"
#include "runtime/observe/trace_context.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

/// A request of HTTP as text, from its target and headers through its body to the
/// reply. kj-http has taken the connection's bytes apart before.

using namespace present;
using namespace present::http;
using namespace present::fuzz;

namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// "METHOD TARGET", lines "Name: value", an empty line, the body.
std::optional<network::http_request> parse_request(std::string_view text) {
  const auto first = take_line(text);
  const auto blank = first.find(' ');
  if (blank == std::string_view::npos)
    return std::nullopt;
  auto target = network::parse_target(first.substr(blank + 1));
  if (!target) {
    must_explain(target.problem());
    return std::nullopt;
  }
  network::http_request asked;
  asked.method = first.substr(0, blank);
  asked.target = std::move(*target);
  for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos)
      asked.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  asked.body = text;
  asked.who = network::client_identity("0123456789ab", "me");
  return asked;
}

/// As the service adds them, with nobody to answer.
network::http_routes& routes() {
  static auto* all = [] {
    auto* made = new network::http_routes;
    for (const auto& route : route_table())
      made->add(std::string{route.method}, std::string{route.pattern},
                [](network::http_request) -> kj::Promise<network::http_reply> {
                  return network::http_reply{};
                });
    return made;
  }();
  return *all;
}

std::optional<action> action_of(const network::http_request& asked) {
  const auto found = routes().find(asked.method, asked.target);
  if (found.to == nullptr)
    return std::nullopt;
  for (const auto& route : route_table()) {
    network::http_routes alone;
    alone.add(std::string{route.method}, std::string{route.pattern},
              [](network::http_request) -> kj::Promise<network::http_reply> {
                return network::http_reply{};
              });
    if (alone.find(asked.method, asked.target).to != nullptr)
      return route.does;
  }
  must(false, "a route that is found is one of the table");
  return std::nullopt;
}

/// Answers as a cluster could give them, with bytes that are no text.
client::batch_outcome outcomes_for(const plan& made, std::string_view bytes) {
  client::batch_outcome all;
  all.outcomes.resize(made.ask.calls.size());
  unsigned place = 0;
  for (auto& one : all.outcomes) {
    one.attempts = 1;
    if (++place % 3 == 0) {
      one.problem = make_error(error_code::version_conflict, std::string{bytes.substr(0, 40)});
      continue;
    }
    one.given.version = {place};
    one.given.value = std::make_shared<const std::string>(bytes);
    one.given.rows = {{std::string{bytes.substr(0, 9)}, {1}, one.given.value}};
    one.given.more = true;
    auto map = std::make_shared<cluster_map>();
    map->spaces[std::string{bytes.substr(0, 5)}] = {1};
    one.map = map;
  }
  return all;
}

void read_watch(const network::http_request& asked) {
  const auto made = understand_watch(asked);
  if (!made)
    return must_explain(made.problem());
  const auto& token = made->what.from;
  if (token == watch_token{})
    return;
  const auto again = parse_watch_token(to_text(token));
  must(again && *again == token, "a watch's token is written so that it can be read");
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  return {
    "GET /v1/kv/orders/a%2Fb?consistency=stale&deadline_ms=250\nIf-None-Match: \"17\"\n\n",
    "GET /v1/kv/orders?prefix=a&start=b&end=c&limit=5&keys_only=true&encoding=base64\n\n",
    "PUT /v1/kv/orders/key\nIf-Match: \"17\"\nIdempotency-Key: mine\ntraceparent: "
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n\nvalue",
    "PUT /v1/kv/orders/key\nIf-None-Match: *\n\n",
    "DELETE /v1/kv/orders/key\nIf-Match: \"17\"\n\n",
    "POST /v1/batch\nContent-Type: application/json\nIdempotency-Key: mine\n\n"
    R"({"operations":[{"op":"put","space":"s","key":"k","value":"v","if_absent":true},)"
    R"({"op":"put","space":"s","key":"aw==","value":"dg==","encoding":"base64"},)"
    R"({"op":"delete","space":"s","key":"k","if_version":17},)"
    R"({"op":"get","space":"s","key":"k","consistency":"stale"}]})",
    "GET /v1/spaces\n\n",
    "GET /v1/spaces/orders\n\n",
    "PUT /v1/spaces/orders\n\n" R"({"split":4})",
    "PUT /v1/spaces/orders\nIf-None-Match: *\n\n" R"({"split_at":["/w=="],"encoding":"base64"})",
    "DELETE /v1/spaces/orders\n\n",
    "GET /v1/status\n\n",
    "GET /v1/watch/orders?prefix=a&limit=3&from=1.4711.0,3.17.2%4099~1a2b\n\n",
    "GET /v1/watch/orders?key=k\nLast-Event-ID: @117964800440205312\n\n",
    "GET /v1/locks/orders%2Fk?wait_ms=500&known=3\n\n",
    "PUT /v1/locks/orders%2Fk?lease_ms=5000&wait=true&owner=me\nIdempotency-Key: mine\n\nvalue",
    "POST /v1/locks/orders%2Fk?claim=17&wait_ms=500\n\n",
    "DELETE /v1/locks/orders%2Fk?claim=17\n\n",
    "PUT /v1/kv/orders/key?fence=orders%2Fk:7\n\nvalue",
    "POST /v1/txn\nContent-Type: application/json\n\n"
    R"({"compare":[{"space":"s","key":"k","version":0}],)"
    R"("then":[{"op":"put","space":"s","key":"k","value":"v"},{"op":"get","space":"s","key":"l"}],)"
    R"("else":[{"op":"append","space":"s","key":"m","element":"e"}]})",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  auto asked = parse_request(text);
  if (!asked)
    return 0;
  if (const auto trace = asked->header("traceparent"))
    if (const auto read = observe::parse_traceparent(*trace))
      must(observe::parse_traceparent(observe::format_traceparent(*read)) == read,
           "a trace's context is written so that it can be read");
  if (const auto named = write_name_of(*asked); !named)
    must_explain(named.problem());
  const auto what = action_of(*asked);
  if (what == action::watch_keys)
    return read_watch(*asked), 0;
  if (!what || *what >= action::show_status)
    return 0;
  const std::string body = asked->body;
  auto made = understand(*what, std::move(*asked));
  if (!made) {
    must_explain(made.problem());
    must(network::error_reply(made.problem()).status >= 400, "a refusal is no success");
    return 0;
  }
  const auto reply = reply_to(*made, outcomes_for(*made, body));
  must(reply.status >= 200 && reply.status < 600, "a reply has a status");
  return 0;
}
