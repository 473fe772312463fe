#include "runtime/network/packed_stream.hpp"

#include <algorithm>
#include <cstring>

namespace present::network {

packed_stream::packed_stream(kj::Own<kj::AsyncIoStream> inner)
    : inner_(kj::mv(inner)), room_(kj::heapArray<kj::byte>(read_ahead)) {
}

size_t packed_stream::take(kj::ArrayPtr<kj::byte> to) {
  const auto taken = std::min(to.size(), ahead_.size());
  if (taken > 0)
    std::memcpy(to.begin(), ahead_.begin(), taken);
  ahead_ = ahead_.slice(taken, ahead_.size());
  return taken;
}

kj::Promise<size_t> packed_stream::tryRead(void* buffer, size_t min_bytes, size_t max_bytes) {
  kj::ArrayPtr<kj::byte> wanted{static_cast<kj::byte*>(buffer), max_bytes};
  const auto had = take(wanted);
  if (had >= min_bytes)
    return had;
  auto rest = wanted.slice(had, wanted.size());
  const auto missing = min_bytes - had;
  if (rest.size() >= room_.size())
    return inner_->tryRead(rest.begin(), missing, rest.size())
      .then([had](size_t got) { return had + got; });
  return inner_->tryRead(room_.begin(), missing, room_.size()).then([this, had, rest](size_t got) mutable {
    ahead_ = room_.slice(0, got);
    return had + take(rest);
  });
}

kj::Promise<void> packed_stream::write(const void* buffer, size_t size) {
  return inner_->write(buffer, size);
}

kj::Promise<void>
packed_stream::write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) {
  size_t size = 0;
  for (const auto& piece : pieces)
    size += piece.size();
  if (size > max_packed)
    return inner_->write(pieces);
  auto packed = kj::heapArray<kj::byte>(size);
  auto* at = packed.begin();
  for (const auto& piece : pieces)
    at = std::copy(piece.begin(), piece.end(), at);
  auto written = inner_->write(packed.begin(), packed.size());
  return written.attach(kj::mv(packed));
}

} // namespace present::network
