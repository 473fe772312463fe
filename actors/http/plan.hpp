#pragma once

#include "actors/client/client_call.hpp"
#include "actors/client/key_range.hpp"
#include "actors/http/route_table.hpp"
#include "runtime/network/http_message.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace present::http {

// -- how an answer is to be said ---------------------------------------------------

struct say_value {
  std::uint64_t if_match = 0;      ///< 0: not asked
  std::uint64_t if_none_match = 0; ///< 0: not asked
};
struct say_written {
  bool has_condition = false; ///< in a header: a conflict is 412 then
};
/// A page of keys, and the way to the next one.
struct say_page {
  std::string space;
  key_range range;
  std::uint64_t limit = 0;
  bool keys_only = false;
  bool stale = false;
  hlc_stamp at;
};
struct say_batch {};
struct say_transaction {};
/// One that exists is fine, unless it must be new.
struct say_made_space {
  std::string name;
  bool must_be_new = false;
};
struct say_spaces {};
struct say_space {
  std::string name;
};
/// Who has a lock.
struct say_lock {
  std::string name;
};
/// What became of a claim: it has the lock, or waits for it (202).
struct say_claim {
  std::string name;
  std::string claim;
};
/// A page of the writes that wait for somebody to decide.
struct say_waiting {
  std::string space;
  std::uint64_t limit = 0;
};
/// What was decided of one of them.
struct say_settled {};
using manner = std::variant<say_value, say_written, say_page, say_batch, say_transaction, say_made_space,
                            say_spaces, say_space, say_lock, say_claim, say_waiting, say_settled>;

/// A request, understood: what to ask the cluster, and how to say what it answered.
struct plan {
  client::batch_call ask; ///< empty: nothing need be asked
  manner say;
};

/// What `asked` wants of `what`, one of the actions that the cluster's keys and
/// spaces answer. Pure: the body has been received, and nothing has been asked yet.
/// Errors: `invalid`, `too_large`; they name the parameter, the header or the place
/// in the body.
result<plan> understand(action what, network::http_request asked);

/// The reply, with status, ETag and body as INTERFACE has them. One outcome for each
/// call of the plan.
network::http_reply reply_to(const plan& made, client::batch_outcome how);

} // namespace present::http
