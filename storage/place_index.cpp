#include "storage/place_index.hpp"

#include <functional>
#include <utility>

namespace present::storage {

namespace {

constexpr std::size_t first_slots = 64;

std::uint64_t hash_of(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

} // namespace

/// The key's own, or the free one where it would be.
std::size_t place_index::slot_of(std::uint64_t hash, std::string_view key) const {
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  while (slots_[at].at && (slots_[at].hash != hash || slots_[at].at->first.bytes() != key))
    at = (at + 1) & mask;
  return at;
}

auto place_index::find(std::string_view key) const -> place* {
  return slots_.empty() ? nullptr : slots_[slot_of(hash_of(key), key)].at;
}

void place_index::add(place& what) {
  if (2 * (taken_ + 1) > slots_.size())
    grow();
  const std::string_view key = what.first.bytes();
  const auto hash = hash_of(key);
  slots_[slot_of(hash, key)] = {hash, &what};
  ++taken_;
}

void place_index::grow() {
  std::vector<slot> before(slots_.empty() ? first_slots : 2 * slots_.size());
  before.swap(slots_);
  const auto mask = slots_.size() - 1;
  for (const auto& one : before) {
    if (!one.at)
      continue;
    auto at = one.hash & mask;
    while (slots_[at].at)
      at = (at + 1) & mask;
    slots_[at] = one;
  }
}

void place_index::clear() {
  slots_ = {};
  taken_ = 0;
}

/// Step by step: each step's addresses are in what the one before has fetched.
void place_index::fetch(std::span<const record_key> keys) const {
  if (slots_.empty())
    return;
  const auto mask = slots_.size() - 1;
  std::vector<std::size_t> own;
  own.reserve(keys.size());
  for (const auto& key : keys) {
    own.push_back(hash_of(key.bytes()) & mask);
    __builtin_prefetch(&slots_[own.back()]);
  }
  for (const auto at : own)
    if (const auto* there = slots_[at].at) {
      __builtin_prefetch(there);
      __builtin_prefetch(&there->second);
      __builtin_prefetch(reinterpret_cast<const char*>(there + 1) - 1);
    }
  for (const auto at : own)
    if (const auto* there = slots_[at].at) {
      __builtin_prefetch(there->first.bytes().data());
      if (there->second)
        if (const auto* value = std::get_if<value_record>(&*there->second))
          __builtin_prefetch(value->bytes.get());
    }
}

} // namespace present::storage
