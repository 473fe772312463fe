#pragma once

#include "actors/partition/operation_size.hpp"
#include "runtime/base/bounds.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace present::partition {

/// Where a write of an entry came from: operation `place` of request `tag`.
struct write_origin {
  std::uint64_t tag = 0;
  std::uint32_t place = 0;
  friend auto operator<=>(const write_origin&, const write_origin&) = default;
};

/// Writes that were admitted and wait for the proposal in flight: a queue bounded
/// in bytes (bounds::max_gathered), cut into entries of bounded size.
class gathered_writes {
public:
  struct cut {
    std::vector<operation> operations;
    std::vector<write_origin> origins; ///< of the operation at the same place
  };

  bool is_full() const { return bytes_ >= bounds::max_gathered; }
  bool is_empty() const { return live_ == 0; }
  std::size_t size() const { return live_; }

  /// Where it stands in the queue, for `drop`.
  std::uint64_t push(const operation& asked, write_origin origin) {
    const auto bytes = encoded_bytes(asked);
    bytes_ += bytes;
    ++live_;
    queue_.push_back({asked, origin, bytes});
    return taken_ + queue_.size() - 1;
  }

  /// The next entry: as many writes as fit, at least one.
  cut take_batch() {
    cut next;
    const auto expected = std::min(live_, bounds::max_entry_operations);
    next.operations.reserve(expected);
    next.origins.reserve(expected);
    std::size_t taken = 0;
    while (!queue_.empty() && next.operations.size() < bounds::max_entry_operations) {
      auto& first = queue_.front();
      if (first.asked) {
        if (!next.operations.empty() && taken + first.bytes > bounds::max_entry)
          break;
        taken += first.bytes;
        --live_;
        next.operations.push_back(std::move(*first.asked));
        next.origins.push_back(first.origin);
      }
      queue_.pop_front();
      ++taken_;
    }
    bytes_ -= taken;
    return next;
  }

  /// Takes out what stands at `position`; nothing if it was taken before.
  void drop(std::uint64_t position) {
    if (position < taken_)
      return;
    auto& dropped = queue_[position - taken_];
    if (!dropped.asked)
      return;
    dropped.asked.reset();
    bytes_ -= dropped.bytes;
    --live_;
  }

private:
  struct waiting {
    std::optional<operation> asked; ///< empty: dropped, its place is left
    write_origin origin;
    std::size_t bytes = 0;
  };

  std::deque<waiting> queue_;
  std::uint64_t taken_ = 0; ///< positions before the queue's first
  std::size_t live_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace present::partition
