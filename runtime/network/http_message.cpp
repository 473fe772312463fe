#include "runtime/network/http_message.hpp"

#include "runtime/network/error_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace present::network {
namespace {

constexpr std::array<std::pair<unsigned, const char*>, 22> statuses{{
  {200, "OK"},
  {201, "Created"},
  {202, "Accepted"},
  {204, "No Content"},
  {304, "Not Modified"},
  {400, "Bad Request"},
  {401, "Unauthorized"},
  {403, "Forbidden"},
  {404, "Not Found"},
  {405, "Method Not Allowed"},
  {408, "Request Timeout"},
  {409, "Conflict"},
  {410, "Gone"},
  {412, "Precondition Failed"},
  {413, "Content Too Large"},
  {415, "Unsupported Media Type"},
  {421, "Misdirected Request"},
  {422, "Unprocessable Content"},
  {500, "Internal Server Error"},
  {501, "Not Implemented"},
  {503, "Service Unavailable"},
  {504, "Gateway Timeout"},
}};

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at];
      continue;
    }
    if (at + 2 >= text.size())
      return {};
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    if (high < 0 || low < 0)
      return {};
    plain += static_cast<char>(high << 4 | low);
    at += 2;
  }
  return plain;
}

/// Calls `take(part)` for each part between separators, empty ones too.
template <class Take>
bool each_part(std::string_view text, char separator, Take take) {
  for (;;) {
    const auto end = text.find(separator);
    if (!take(text.substr(0, end)))
      return false;
    if (end == text.npos)
      return true;
    text.remove_prefix(end + 1);
  }
}

bool equal_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

/// Seconds, rounded up: an early retry would only be refused again.
std::string retry_after(std::uint32_t ms) {
  return std::to_string((std::uint64_t{ms} + 999) / 1000);
}

} // namespace

std::optional<std::string_view>
http_target::value_of(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name)
      return value;
  return {};
}

std::string http_target::joined_from(std::size_t place) const {
  std::string name;
  for (auto next = place; next < segments.size(); ++next)
    name += (next == place ? "" : "/") + segments[next];
  return name;
}

result<http_target> parse_target(std::string_view text) {
  const auto bad = make_error(
    error_code::invalid, "the request's path is not a path, or a % in it is not "
                         "followed by two hexadecimal digits");
  if (!text.starts_with('/'))
    return bad;
  text = text.substr(0, text.find('#'));
  http_target target;
  const auto mark = text.find('?');
  const auto path = text.substr(1, mark == text.npos ? mark : mark - 1);
  const bool path_is_good = each_part(path, '/', [&](std::string_view part) {
    auto plain = percent_decoded(part);
    if (plain)
      target.segments.push_back(std::move(*plain));
    return plain.has_value();
  });
  if (!path_is_good)
    return bad;
  if (mark == text.npos)
    return target;
  const auto add_pair = [&](std::string_view part) {
    if (part.empty())
      return true;
    const auto equals = part.find('=');
    auto name = percent_decoded(part.substr(0, equals));
    auto value = percent_decoded(
      equals == part.npos ? std::string_view{} : part.substr(equals + 1));
    if (name && value)
      target.query.emplace_back(std::move(*name), std::move(*value));
    return name && value;
  };
  if (!each_part(text.substr(mark + 1), '&', add_pair))
    return bad;
  return target;
}

std::optional<std::string_view>
http_request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name))
      return value;
  return {};
}

http_reply text_reply(unsigned status, std::string text) {
  return {status, "text/plain; charset=utf-8", {}, std::move(text)};
}

http_reply error_reply(const error& problem) {
  const auto& traits = traits_of(problem.code);
  http_reply reply;
  reply.status = traits.http_status;
  reply.content_type = "application/json";
  // What a user sent may stand in the message and be no UTF-8.
  reply.body
    = error_body(problem).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
      + "\n";
  // What is not there now may be soon, also where nobody knows when.
  constexpr unsigned unavailable = 503;
  if (problem.retry_after_ms != 0 || reply.status == unavailable)
    reply.headers.emplace_back("Retry-After",
                               retry_after(std::max(problem.retry_after_ms, 1U)));
  if (problem.code == error_code::version_conflict && problem.current_version != 0)
    reply.headers.emplace_back("ETag", etag_of(problem.current_version));
  return reply;
}

std::string etag_of(std::uint64_t version) {
  return '"' + std::to_string(version) + '"';
}

const char* status_text(unsigned status) {
  const auto found = std::ranges::find(statuses, status,
                                       &std::pair<unsigned, const char*>::first);
  return found == statuses.end() ? "Status" : found->second;
}

} // namespace present::network
