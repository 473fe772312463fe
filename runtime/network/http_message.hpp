#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/peer_identity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP requests and replies as plain data. Pure: no kj.
namespace present::network {

/// The target of a request, decoded: "/v1/kv/a%2Fb/?limit=5" has the segments
/// "v1", "kv", "a/b", "" and the query limit = 5.
struct http_target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  /// The first value of that name; empty if there is none.
  std::optional<std::string_view> value_of(std::string_view name) const;
  /// The segments from `place` on, with slashes between: a name that may have some.
  std::string joined_from(std::size_t place) const;
};

/// `invalid` for a target that isn't a path, or whose percent signs are not
/// followed by two hexadecimal digits. '+' is itself.
result<http_target> parse_target(std::string_view text);

struct http_request {
  std::string method; ///< "GET", also for a HEAD
  http_target target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string address; ///< of the peer
  /// Empty on a plain listener, which only loopback reaches.
  std::optional<peer_identity> who;

  /// The header's value, whatever the case of its name.
  std::optional<std::string_view> header(std::string_view name) const;
};

struct http_reply {
  unsigned status = 200;
  std::string content_type = "application/octet-stream";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

http_reply text_reply(unsigned status, std::string text);

/// `error_body`, with the status of the code, and Retry-After where there is one or
/// the status is 503 (INTERFACE.md). A version conflict has the current version as
/// ETag, too.
http_reply error_reply(const error& problem);

/// "\"17\"": the version as HTTP quotes it.
std::string etag_of(std::uint64_t version);

/// "Not Found" for 404; "Status" for one we never send.
const char* status_text(unsigned status);

} // namespace present::network
