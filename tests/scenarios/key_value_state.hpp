#pragma once

#include "storage/log_entry.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace present::simulation {

/// A write as a client asks for it. Values are unique in a run.
struct key_value_command {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
};

raft::payload_ptr encode(const key_value_command& command);
key_value_command decode(const std::string& payload);

/// The replicated state machine of the simulation: registers, and a digest of
/// everything ever applied, so that two replicas that differed once never look
/// alike again.
struct key_value_state {
  std::map<std::uint64_t, std::uint64_t> values;
  std::uint64_t digest = 0;

  void apply(const raft::entry& item);
  std::uint64_t value_of(std::uint64_t key) const;

  std::string to_bytes() const;
  static key_value_state from_bytes(const std::string& bytes);
};

} // namespace present::simulation
