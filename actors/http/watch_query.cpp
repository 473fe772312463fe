#include "actors/http/watch_query.hpp"

#include "actors/client/record_lines.hpp"
#include "actors/http/query_reader.hpp"
#include "runtime/network/error_body.hpp"

#include <nlohmann/json.hpp>

#include <limits>

namespace present::http {

namespace {

using client::json;
using client::watch_event;

std::string data_of(const watch_event& what) {
  json told;
  switch (what.is) {
    case watch_event::kind::changed:
      told = client::record_line({what.key, what.value ? *what.value : std::string{},
                                  what.version.value});
      break;
    case watch_event::kind::removed:
      client::put_bytes(told, "key", what.key);
      told["version"] = what.version.value;
      break;
    case watch_event::kind::started:
      told["token"] = to_text(what.token);
      break;
    case watch_event::kind::ended:
      return error_body(what.why).dump(-1, ' ', false, json::error_handler_t::replace);
    case watch_event::kind::progress:
      return {};
  }
  return told.dump();
}

/// Who is too late is told so by a name of its own.
std::string_view name_of(const watch_event& what) {
  const bool is_compacted
    = what.is == watch_event::kind::ended && what.why.code == error_code::too_old;
  return is_compacted ? "compacted" : to_string(what.is);
}

std::string without_breaks(std::string text) {
  std::erase(text, '\n');
  return text;
}

} // namespace

result<watch_query> understand_watch(const network::http_request& asked) {
  query_reader query{asked.target};
  watch_query made;
  made.what.space = asked.target.segments[2];
  const auto key = query.text("key");
  const auto prefix = query.text("prefix");
  if (key && prefix)
    query.complain(make_error(error_code::invalid, "query: key, prefix: one of them"));
  made.what.is_prefix = !key;
  made.what.key = key ? *key : prefix.value_or("");
  made.limit = query.number("limit", 1, std::numeric_limits<std::uint32_t>::max()).value_or(0);
  auto from = query.text("from");
  if (const auto last = asked.header("last-event-id"); last && !last->empty())
    from = std::string{*last};
  if (from) {
    auto token = parse_watch_token(*from);
    if (token)
      made.what.from = std::move(*token);
    else
      query.complain(token.problem());
  }
  if (auto problem = query.problem())
    return *problem;
  return made;
}

std::string sent_event(const client::watch_event& what) {
  std::string text;
  if (!what.token.places.empty() || what.token.above.value != 0)
    text += "id: " + to_text(what.token) + '\n';
  if (what.is != watch_event::kind::progress)
    text += "event: " + std::string{name_of(what)} + "\ndata: " + without_breaks(data_of(what)) + '\n';
  return text + '\n';
}

} // namespace present::http
