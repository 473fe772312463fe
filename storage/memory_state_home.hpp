#pragma once

#include "storage/memory_state_backend.hpp"
#include "storage/state_home.hpp"

namespace present::storage {

/// The twin for simulation: the disks of one partition's state. For one thread.
class memory_state_home final : public state_home {
public:
  result<std::shared_ptr<state_backend>> open() override;
  result<std::unique_ptr<state_backend>> open_next() override;
  status replace() override;
  status remove() override;
  void condemn() override { condemned_ = true; }
  result<std::unique_ptr<spool>> make_spool() override;

  // -- the disk ----------------------------------------------------------------

  memory_state_backend& disk() { return *state_; }

  /// The same bytes on disks of their own.
  std::shared_ptr<memory_state_home> copy() const;

  /// Power loss and restart, as `memory_state_backend::crash`.
  void crash(std::size_t survivors = 0);

private:
  std::shared_ptr<memory_state_backend> state_
    = std::make_shared<memory_state_backend>();
  std::shared_ptr<memory_state_backend> next_;
  bool condemned_ = false;
};

} // namespace present::storage
