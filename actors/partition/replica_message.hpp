#pragma once

#include "storage/digest.hpp"
#include "storage/log_entry.hpp"

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

/// One opening of a store. `boot` counts them; `opening` is drawn by chance, so that two
/// that count the same, one of which began from old files, are told apart.
struct store_life {
  std::uint64_t boot = 0;
  std::uint64_t opening = 0;
};

/// From a replica that starts, to each other voter: am I as you know me (P19)? Asked
/// again until it is answered.
struct standing_asked {
  store_life life;
  term at_term;
  raft::log_position reached; ///< of its log, or what it knows to have lost of it
};

/// What shows that a store has gone back.
enum class lapse : std::uint8_t {
  none = 0,
  opening = 1, ///< it has been opened since, or again
  term = 2,    ///< it has spoken in a higher one
  log = 3,     ///< it has acknowledged more
};

/// The answer. What binds the asker is where the witness's own word ends; whom it has to
/// ask is told by whose log is the newest.
struct standing_told {
  std::uint64_t opening = 0; ///< the asker's
  term at_term;
  raft::log_position last; ///< of the witness's log
  lapse sign = lapse::none;
  raft::configuration members; ///< by that log
};

struct replica_message {
  std::variant<digest_asked, digest_told, digest_verdict, standing_asked, standing_told> what;
};

} // namespace present::partition
