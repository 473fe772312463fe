#pragma once

#include "actors/client/watch_stream_machine.hpp"
#include "runtime/network/http_message.hpp"

#include <cstdint>
#include <string>

namespace present::http {

/// `GET /v1/watch/{space}`, understood.
struct watch_query {
  client::watch_options what;
  std::uint64_t limit = 0; ///< the stream ends after so many changes; 0: never
};

/// Errors: `invalid` names the parameter. A browser that comes back says where it was in
/// Last-Event-ID, which counts more than `from`.
result<watch_query> understand_watch(const network::http_request& asked);

/// One event of a stream (server-sent events, as the HTML standard has them): its id is
/// the token behind it. A `progress` has nothing but the id.
std::string sent_event(const client::watch_event& what);

} // namespace present::http
