#pragma once

#include "storage/log_entry.hpp"

#include <cstdint>

namespace present::raft {

/// What a replica remembers of a peer's store (P19).
struct witnessed {
  node_id node;
  store_id store;
  std::uint64_t boot = 0;    ///< of the opening that it spoke of last
  std::uint64_t opening = 0; ///< drawn anew with each opening
  term heard;                ///< the highest that it was heard in
  log_position matched;      ///< how far it has acknowledged the log
  friend bool operator==(const witnessed&, const witnessed&) = default;
};

} // namespace present::raft
