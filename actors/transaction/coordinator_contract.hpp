#pragma once

#include "actors/client/client_contract.hpp"
#include "actors/partition/partition_contract.hpp"
#include "actors/transaction/coordinator_machine.hpp"

#include <caf/all.hpp>

#include <vector>

/// Coordinates the transactions over several partitions whose homes are led by this
/// node. One per node.
namespace present {

/// From the leader of home: begin, or drive on what was left. `transactions_answered` goes
/// back for what was begun, unless the leadership or this actor ends first. Idempotent:
/// there is one run for each transaction.
struct coordinate_transactions {
  std::vector<transaction::to_coordinate> what;
};

/// From who was the leader of home, or of a partition with a lock: what it has asked for in
/// that term is another's now.
struct coordination_over {
  transaction::leadership which;
};

/// The coordinator to itself: the time that its machine asked for has come.
struct coordinator_wake {};

using coordinator_actor
  = caf::typed_actor<caf::reacts_to<coordinate_transactions>, caf::reacts_to<coordination_over>,
                     caf::reacts_to<partition_response>, caf::reacts_to<client::parts_answered>,
                     caf::reacts_to<coordinator_wake>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::coordinate_transactions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::coordination_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::coordinator_wake)
