#include "actors/http/audience.hpp"

namespace present::http {

std::optional<error> refusal_of(audience needed,
                                const std::optional<network::peer_identity>& who) {
  using network::peer_role;
  if (!who || needed == audience::anyone || who->role == peer_role::admin
      || (needed == audience::client && who->role == peer_role::client))
    return std::nullopt;
  return make_error(error_code::denied,
                    "the certificate of " + to_string(*who) + " is not one of "
                      + (needed == audience::admin ? "an admin" : "a client or an admin"));
}

} // namespace present::http
