#pragma once

#include "actors/checkpoint/checkpoint_contract.hpp"
#include "actors/journal/journal_contract.hpp"
#include "actors/partition/operation.hpp"
#include "actors/raft/raft_types.hpp"
#include "actors/reporter/node_report.hpp"
#include "actors/router/router_contract.hpp"
#include "actors/scrub/scrub_contract.hpp"
#include "runtime/observe/trace_context.hpp"

#include <caf/all.hpp>

/// One replica of one partition.
namespace present {

/// Answer to `partition_request`, to the session that sent it.
struct partition_response {
  std::uint64_t tag = 0;
  std::shared_ptr<const response> what;
};

using response_listener = caf::typed_actor<caf::reacts_to<partition_response>>;

/// From a session: operations of a client. Exactly one `partition_response` with
/// the same tag comes back, at the request's deadline at the latest, unless the
/// partition crashes: then the session hears of that, and the outcome is unknown.
/// Idempotent by the operations' ids.
struct partition_request {
  std::uint64_t tag = 0;
  std::shared_ptr<const request> what;
  response_listener reply_to;
  observe::trace_context trace; ///< of the session's span, if it is sampled
  /// From the coordinator: of that term's leader, and of no other's (P16).
  std::optional<term> only_in = std::nullopt;
};

/// From the coordinator: what became of transactions that this partition gave it when it
/// led in that term. A tag that isn't open any more, or of another term, says nothing.
struct transactions_answered {
  struct one {
    std::uint64_t tag = 0;
    std::uint32_t place = 0;
    answer what;
  };
  term at_term;
  std::vector<one> what;
};

/// From the network: what peers say, in their order. No answer.
struct raft_mail {
  std::vector<raft::message> messages;
};

/// From a link: the connection to `peer` broke or came back.
struct peer_link_changed {
  node_id peer;
  bool up = false;
};

/// From the reporter: status for `present status`. Idempotent.
struct ask_partition_status {};

/// The partition to itself: the time that its machines asked for has come.
struct partition_wake {};
using partition_actor = caf::typed_actor<
  caf::reacts_to<partition_request>, caf::reacts_to<raft_mail>,
  caf::reacts_to<peer_link_changed>, caf::reacts_to<journal_written>,
  caf::reacts_to<journal_failed>, caf::reacts_to<journal_loaded>,
  caf::reacts_to<checkpoint_done>, caf::reacts_to<snapshot_part_read>,
  caf::reacts_to<snapshot_part_taken>, caf::reacts_to<partition_wake>,
  caf::reacts_to<map_learned>, caf::reacts_to<scrub_verdict>,
  caf::reacts_to<transactions_answered>,
  caf::replies_to<ask_partition_status>::with<partition_status>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::partition_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::partition_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::transactions_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::raft_mail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::peer_link_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::partition_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::ask_partition_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::partition_wake)
