#pragma once

#include <kj/array.h>
#include <kj/async-io.h>

namespace present::network {

/// Another stream, for messages that are written in pieces and read in bits. What is
/// written at once goes down as one piece, and a read takes all that has come. Over TLS
/// each piece is a record with a cipher pass of its own, and each read a call and a
/// promise: a Cap'n Proto message is two pieces or more, and three reads.
///
/// K1  Bytes come out in the order in which they went in, each once.
/// K2  No read waits for more than was asked for.
///
/// As of any kj stream: one read and one write at a time. Lives on the network thread.
class packed_stream final : public kj::AsyncIoStream {
public:
  /// Of more than this the copy would cost more than it saves.
  static constexpr std::size_t max_packed = 64 * 1024;
  /// What a TLS record holds.
  static constexpr std::size_t read_ahead = 16 * 1024;

  explicit packed_stream(kj::Own<kj::AsyncIoStream> inner);

  kj::Promise<size_t> tryRead(void* buffer, size_t min_bytes, size_t max_bytes) override;

  kj::Promise<void> write(const void* buffer, size_t size) override;
  kj::Promise<void>
  write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override;

  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }
  void shutdownWrite() override { inner_->shutdownWrite(); }
  void abortRead() override { inner_->abortRead(); }
  void getsockopt(int level, int option, void* value, kj::uint* length) override {
    inner_->getsockopt(level, option, value, length);
  }

private:
  size_t take(kj::ArrayPtr<kj::byte> to);

  kj::Own<kj::AsyncIoStream> inner_;
  kj::Array<kj::byte> room_;
  kj::ArrayPtr<const kj::byte> ahead_; ///< in `room_`: read, and not asked for yet
};

} // namespace present::network
