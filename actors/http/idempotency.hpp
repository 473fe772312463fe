#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/network/http_message.hpp"

#include <optional>
#include <string_view>

namespace present::http {

inline constexpr std::size_t max_idempotency_key = 255;

/// The name of the request's writes if it has an `Idempotency-Key`; empty without.
///
/// The client id is a hash of who asks, method, path and key: the same key of
/// another caller, or for another path, is another one. The fingerprint is a hash of
/// the conditions and the body: the same request, sent to any node, has the same
/// name, and another one under the same key is refused where the first is remembered
/// (P4). SHA-256, so that nobody finds two requests that fall together.
///
/// Errors: `invalid`, `too_large`.
result<std::optional<client::write_name>> write_name_of(const network::http_request& asked);

/// A claim on a lock, from the text by which its caller knows it: another caller's same
/// text is another claim.
claim_id claim_of(const network::http_request& asked, std::string_view text);

} // namespace present::http
