#include "actors/http/api_service.hpp"

#include "actors/client/lock_names.hpp"
#include "actors/http/json_reply.hpp"
#include "actors/http/openapi.hpp"
#include "actors/http/query_reader.hpp"
#include "actors/http/watch_feed.hpp"
#include "actors/reporter/report_json.hpp"
#include "runtime/edge/entropy.hpp"

#include <nlohmann/json.hpp>

#include <limits>

namespace present::http {

namespace {

using network::http_reply;
using network::http_request;

constexpr std::string_view json_type = "application/json";
constexpr unsigned unsupported_media_type = 415;

/// The caller's trace, or one that begins here; with a span of this request's own,
/// whether it is recorded or not.
observe::trace_context trace_of(const observe::active_span& span,
                                const std::optional<observe::trace_context>& given) {
  if (span.is_recorded() || !given)
    return span.context();
  return observe::child_of(*given, edge::machine_entropy().next_id());
}

http_reply refuse(error why, const observe::trace_context& trace) {
  why.trace_id = observe::trace_id_text(trace);
  return network::error_reply(why);
}

/// Of a body that is to be read as JSON; else a browser could be made to send one
/// without asking first. Empty if it is right.
std::optional<error> media_problem(action what, const http_request& asked) {
  if (asked.header("content-encoding"))
    return make_error(error_code::invalid, "Content-Encoding: bodies are taken as they are");
  const bool is_json
    = what == action::run_batch || what == action::run_transaction || (what == action::make_space && !asked.body.empty());
  const auto given = asked.header("content-type").value_or("");
  if (is_json && given.substr(0, given.find(';')) != json_type)
    return make_error(error_code::invalid, "Content-Type: must be application/json");
  return std::nullopt;
}

node_id node_in(query_reader& query) {
  return {static_cast<std::uint32_t>(
    query.number("node", 1, std::numeric_limits<std::uint32_t>::max()).value_or(0))};
}

/// Nobody has wanted a lock yet, and so the space for those without one isn't there.
bool lacks_lock_space(const plan& made, const client::batch_outcome& how) {
  const auto* wanted = made.ask.calls.size() == 1
                         ? std::get_if<client::acquire_call>(&made.ask.calls.front())
                         : nullptr;
  return wanted && wanted->space == client::default_lock_space
         && how.outcomes.front().problem.code == error_code::unknown_space;
}

error unreachable(node_id node) {
  return make_error(error_code::no_quorum,
                    "node " + std::to_string(node.value) + " can't be reached");
}

} // namespace

api_service::api_service(const std::shared_ptr<node_services>& services, kj::Timer& timer)
    : tracer_(services->tracer), timer_(timer), reports_(services),
      client_(std::make_shared<client_asker>(services->thread, timer, *services->addresses)) {
}

void api_service::add_to(network::http_routes& routes) {
  for (const auto& route : route_table())
    if (route.does == action::watch_keys)
      routes.add_stream(std::string{route.method}, std::string{route.pattern},
                        [self = shared_from_this(), &route](http_request asked,
                                                            network::http_stream& to) {
                          return self->serve_watch(route, asked, to).attach(kj::cp(self));
                        });
    else
      routes.add(std::string{route.method}, std::string{route.pattern},
                 [self = shared_from_this(), &route](http_request asked) {
                   return self->serve(route, std::move(asked));
                 });
}

kj::Promise<http_reply> api_service::serve(const api_route& route, http_request asked) {
  const auto given = observe::parse_traceparent(asked.header("traceparent").value_or(""));
  auto span = tracer_.start_at_door(std::string{route.method} + ' ' + std::string{route.path},
                                    given.value_or(observe::trace_context{}));
  const auto trace = trace_of(span, given);
  auto replied = [&]() -> kj::Promise<http_reply> {
    if (auto denied = refusal_of(route.needs, asked.who))
      return refuse(std::move(*denied), trace);
    if (auto wrong = media_problem(route.does, asked)) {
      auto reply = refuse(std::move(*wrong), trace);
      reply.status = unsupported_media_type;
      return reply;
    }
    return answer(route.does, std::move(asked), trace);
  }();
  return replied.then([trace, span = std::move(span)](http_reply reply) mutable {
    span.set("status", std::to_string(reply.status));
    span.finish();
    reply.headers.emplace_back("traceparent", observe::format_traceparent(trace));
    return reply;
  });
}

/// No span: it would be as long as the watch.
kj::Promise<void> api_service::serve_watch(const api_route& route, const http_request& asked,
                                           network::http_stream& to) {
  const auto given = observe::parse_traceparent(asked.header("traceparent").value_or(""));
  const auto trace
    = given ? observe::child_of(*given, edge::machine_entropy().next_id())
            : tracer_.start_at_door(std::string{route.method} + ' ' + std::string{route.path}, {})
                .context();
  auto made = [&]() -> result<watch_query> {
    if (auto denied = refusal_of(route.needs, asked.who))
      return *denied;
    return understand_watch(asked);
  }();
  if (made) {
    auto feed = kj::heap<watch_feed>(client_, timer_, std::move(*made), to, trace);
    auto over = feed->run();
    return over.attach(kj::mv(feed));
  }
  auto reply = refuse(made.problem(), trace);
  reply.headers.emplace_back("traceparent", observe::format_traceparent(trace));
  to.begin(reply);
  return to.write(std::move(reply.body));
}

kj::Promise<http_reply> api_service::answer(action what, http_request asked,
                                            const observe::trace_context& trace) {
  const bool is_admins = what == action::show_status || what == action::show_tree
                         || what == action::show_actor || what == action::show_trace
                         || what == action::describe_api;
  if (!is_admins) {
    auto made = understand(what, std::move(asked));
    if (!made)
      return refuse(made.problem(), trace);
    made->ask.trace = trace;
    return ask_cluster(std::move(*made));
  }
  query_reader query{asked.target};
  const auto node
    = what == action::show_tree || what == action::show_actor ? node_in(query) : node_id{};
  if (auto problem = query.problem())
    return refuse(std::move(*problem), trace);
  if (what == action::describe_api)
    return http_reply{200, std::string{json_type}, {}, std::string{openapi_document()}};
  auto shown = what == action::show_status ? show_status()
               : what == action::show_trace ? show_trace(asked.target.joined_from(2))
               : what == action::show_tree ? show_tree(node)
                                           : show_actor(node, asked.target.joined_from(2));
  return shown.attach(shared_from_this());
}

kj::Promise<http_reply> api_service::ask_cluster(plan made) {
  auto asked = client_->ask(made.ask);
  return asked.then([self = shared_from_this(),
                     made = std::move(made)](client::batch_outcome how) mutable
                    -> kj::Promise<http_reply> {
    if (lacks_lock_space(made, how))
      return self->make_lock_space(std::move(made));
    return reply_to(made, std::move(how));
  });
}

/// Then the same again; whether it is there now is seen from that.
kj::Promise<http_reply> api_service::make_lock_space(plan made) {
  client::batch_call make;
  make.calls.emplace_back(create_space{std::string{client::default_lock_space}});
  make.trace = made.ask.trace;
  return client_->ask(std::move(make))
    .then([self = shared_from_this(), made = std::move(made)](client::batch_outcome) mutable {
      auto asked = self->client_->ask(made.ask);
      return asked.then([made = std::move(made)](client::batch_outcome how) {
        return reply_to(made, std::move(how));
      });
    });
}

kj::Promise<http_reply> api_service::show_status() {
  return reports_.status().then(
    [](const cluster_status& seen) { return json_reply(to_json(seen)); });
}

kj::Promise<http_reply> api_service::show_tree(node_id node) {
  if (node.value == 0)
    return reports_.tree().then(
      [](const supervision::description& root) { return json_reply(to_json(root)); });
  return reports_.of(node).then([node](kj::Maybe<node_report> answer) {
    KJ_IF_MAYBE(report, answer)
      return json_reply(to_json(report->tree));
    return network::error_reply(unreachable(node));
  });
}

kj::Promise<http_reply> api_service::show_actor(node_id node, std::string id) {
  const auto whose = node.value == 0 ? reports_.self() : node;
  return reports_.of(whose).then([whose, id = std::move(id)](kj::Maybe<node_report> answer) {
    KJ_IF_MAYBE(report, answer) {
      if (const auto* found = find_actor(report->tree, id))
        return json_reply(to_json(*found));
      return network::error_reply(
        make_error(error_code::not_found, "no actor '" + id + "' on node "
                                            + std::to_string(whose.value)));
    }
    return network::error_reply(unreachable(whose));
  });
}

kj::Promise<http_reply> api_service::show_trace(const std::string& id) {
  const auto which = observe::parse_trace_id(id);
  if (!which)
    return network::error_reply(
      make_error(error_code::invalid, "id: '" + id + "' is no trace id of 32 hexadecimal digits"));
  return reports_.trace(*which).then([which](const std::vector<observe::span>& found) {
    if (found.empty())
      return network::error_reply(
        make_error(error_code::not_found,
                   "no node remembers trace " + observe::trace_id_text(*which)
                     + ": it was not sampled, or is too long ago"));
    return json_reply(to_json(*which, found));
  });
}

} // namespace present::http
