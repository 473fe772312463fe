#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

namespace present::edge {

/// The only source of randomness: seeds for machines, ids, nonces. Thread-safe.
class entropy {
public:
  virtual ~entropy() = default;

  virtual void fill(std::span<std::byte> out) = 0;

  /// 64 random bits: a seed, or an id.
  std::uint64_t next();

  /// An id that is never 0, since 0 names nobody (`runtime/base/ids.hpp`).
  std::uint64_t next_id();

  /// `bytes` random bytes as lower-case hexadecimal digits.
  std::string next_hex(std::size_t bytes);
};

/// The kernel's generator. Fit for keys. Ends the process if the kernel has
/// none, which Linux never does after its start.
class system_entropy final : public entropy {
public:
  void fill(std::span<std::byte> out) override;
};

/// The process's source; product code gets an `entropy&` passed in.
entropy& machine_entropy();

/// The same numbers for the same seed (`splitmix64`): simulation and tests. Never
/// fit for keys.
class seeded_entropy final : public entropy {
public:
  explicit seeded_entropy(std::uint64_t seed) : state_(seed) {}

  void fill(std::span<std::byte> out) override;

private:
  std::mutex mutex_;
  std::uint64_t state_; ///< guarded by `mutex_`
};

} // namespace present::edge
