#pragma once

#include "runtime/network/http_message.hpp"

#include <nlohmann/json.hpp>

namespace present::http {

/// A name in it may be no UTF-8: what isn't is replaced.
inline network::http_reply json_reply(const nlohmann::ordered_json& body,
                                      unsigned status = 200) {
  using json = nlohmann::ordered_json;
  return {status, "application/json", {},
          body.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'};
}

} // namespace present::http
