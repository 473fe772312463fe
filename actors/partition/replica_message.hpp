#pragma once

#include "storage/digest.hpp"

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

/// What replicas of a partition say to each other beside raft's messages, and carried
/// by them (`raft::carried`). Plain data; may be lost, repeated and late.
namespace present::partition {

using digest_ptr = std::shared_ptr<const storage::state_digest>;

/// From a leader: what is your state's digest at this marker? Asked again until it is
/// answered.
struct digest_asked {
  log_index marker;
};

enum class digest_standing : std::uint8_t {
  unknown = 0, ///< this replica took none at that marker
  taken = 1,
  lost = 2, ///< it has no state
};

/// The answer, once there is one.
struct digest_told {
  log_index marker;
  digest_standing standing = digest_standing::unknown;
  digest_ptr digest; ///< of a `taken` one
};

/// From a leader: at this marker a majority says otherwise of these buckets. The replica
/// is built anew (P25).
struct digest_verdict {
  log_index marker;
  std::vector<std::uint16_t> buckets;
};

struct replica_message {
  std::variant<digest_asked, digest_told, digest_verdict> what;
};

} // namespace present::partition
