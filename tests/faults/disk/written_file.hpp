#pragma once

#include "runtime/base/splitmix64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

/// What a disk would still have of a file if power failed now.
namespace present::faults {

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t sector_bytes = 512;

/// Numbers from a seed.
struct seeded {
  std::uint64_t state = 0;

  std::uint64_t next() { return splitmix64(state); }
};

struct loss {
  std::uint64_t unsynced = 0; ///< blocks that were written and not synced
  std::uint64_t lost = 0;     ///< of those, gone wholly or in part
};

/// A regular file, block by block, with what was there before the last sync.
///
/// F1  What was synced, or written through a descriptor with O_DSYNC, stays.
/// F2  Of what was not, each block stays, goes, or is torn at a sector, by the seed.
/// F3  What a failed sync dropped stays in the page cache and never comes to the disk,
///     however often a later sync succeeds: until it is written again (as Linux does,
///     fsync(2): the pages are marked clean).
/// F4  Sizes and names count as durable with the sync of the file.
///
/// Not thread-safe. Works on a descriptor of its own, with system calls alone.
class written_file {
public:
  /// Takes `descriptor`, open to read and write.
  explicit written_file(int descriptor);
  ~written_file();
  written_file(const written_file&) = delete;
  written_file& operator=(const written_file&) = delete;

  /// Before bytes are written there.
  void before_write(std::uint64_t offset, std::size_t count);
  /// These were written, and are on the disk (O_DSYNC).
  void on_durable_write(std::uint64_t offset, std::string_view bytes);
  void on_sync();
  void on_failed_sync();

  /// Makes the file what the disk has. Allocates nothing: called in a child of a
  /// process that has threads.
  loss lose_power(seeded& random);

private:
  struct block {
    std::array<char, block_bytes> before;
    bool forsaken = false; ///< F3
  };

  std::size_t kept_bytes(const block& what, seeded& random) const;
  std::uint64_t size() const;

  int descriptor_;
  std::uint64_t durable_size_;
  std::map<std::uint64_t, std::unique_ptr<block>> unsynced_; ///< by number
};

} // namespace present::faults
