#pragma once

#include "actors/partition/operation.hpp"
#include "runtime/base/bounds.hpp"

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace present::partition {

/// Where a write of an entry came from: operation `place` of request `tag`.
struct write_origin {
  std::uint64_t tag = 0;
  std::uint32_t place = 0;
};

/// Writes that were admitted and wait for the proposal in flight: a queue bounded
/// in bytes (bounds::max_gathered), cut into entries of bounded size.
class gathered_writes {
public:
  bool is_full() const { return bytes_ >= bounds::max_gathered; }
  bool is_empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }

  void push(const operation& asked, write_origin origin) {
    const auto bytes = size_of(asked);
    bytes_ += bytes;
    queue_.push_back({asked, origin, bytes});
  }

  /// The next entry: as many writes as fit, at least one.
  std::pair<std::vector<operation>, std::vector<write_origin>> take_batch() {
    std::vector<operation> operations;
    std::vector<write_origin> origins;
    std::size_t taken = 0;
    while (!queue_.empty() && operations.size() < bounds::max_entry_operations) {
      auto& first = queue_.front();
      if (!operations.empty() && taken + first.bytes > bounds::max_entry)
        break;
      taken += first.bytes;
      operations.push_back(std::move(first.asked));
      origins.push_back(first.origin);
      queue_.pop_front();
    }
    bytes_ -= taken;
    return {std::move(operations), std::move(origins)};
  }

  /// Takes out what belongs to request `tag`; returns how many there were.
  std::size_t drop(std::uint64_t tag) {
    return std::erase_if(queue_, [&](const waiting& w) {
      if (w.origin.tag != tag)
        return false;
      bytes_ -= w.bytes;
      return true;
    });
  }

private:
  struct waiting {
    operation asked;
    write_origin origin;
    std::size_t bytes = 0;
  };

  /// Key, value, and about what the rest takes when encoded.
  static std::size_t size_of(const operation& asked) {
    constexpr std::size_t envelope = 96;
    if (const auto* p = std::get_if<put>(&asked.what))
      return envelope + p->key.size() + (p->value ? p->value->size() : 0);
    if (const auto* r = std::get_if<remove_key>(&asked.what))
      return envelope + r->key.size();
    return envelope + bounds::max_space_name;
  }

  std::deque<waiting> queue_;
  std::size_t bytes_ = 0;
};

} // namespace present::partition
