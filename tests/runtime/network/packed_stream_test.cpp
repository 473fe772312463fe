#include "runtime/network/packed_stream.hpp"

#include <doctest/doctest.h>
#include <kj/async-io.h>

#include <string>
#include <vector>

using namespace present::network;

namespace {

/// Passes bytes on, and counts what it is asked for.
class counting_stream final : public kj::AsyncIoStream {
public:
  struct counts {
    int reads = 0;
    int writes = 0;
  };

  counting_stream(kj::Own<kj::AsyncIoStream> inner, counts& seen)
      : inner_(kj::mv(inner)), seen_(seen) {}

  kj::Promise<size_t> tryRead(void* buffer, size_t min_bytes, size_t max_bytes) override {
    ++seen_.reads;
    return inner_->tryRead(buffer, min_bytes, max_bytes);
  }
  kj::Promise<void> write(const void* buffer, size_t size) override {
    ++seen_.writes;
    return inner_->write(buffer, size);
  }
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override {
    seen_.writes += static_cast<int>(pieces.size());
    return inner_->write(pieces);
  }
  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }
  void shutdownWrite() override { inner_->shutdownWrite(); }

private:
  kj::Own<kj::AsyncIoStream> inner_;
  counts& seen_;
};

struct two_ends {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::TwoWayPipe pipe = io.provider->newTwoWayPipe();
  counting_stream::counts seen;
  packed_stream here{kj::heap<counting_stream>(kj::mv(pipe.ends[0]), seen)};
  kj::Own<kj::AsyncIoStream> there = kj::mv(pipe.ends[1]);

  std::string read(size_t min, size_t max) {
    std::string got(max, '\0');
    got.resize(here.tryRead(got.data(), min, max).wait(io.waitScope));
    return got;
  }
  void send(const std::string& what) {
    there->write(what.data(), what.size()).wait(io.waitScope);
  }
};

std::string letters(size_t many) {
  std::string all;
  for (size_t n = 0; n < many; ++n)
    all += static_cast<char>('a' + n * n % 26);
  return all;
}

kj::ArrayPtr<const kj::byte> bytes_of(const std::string& text) {
  return kj::StringPtr(text.c_str(), text.size()).asBytes();
}

} // namespace

TEST_CASE("pieces go down as one, and those of a large write as they are") {
  two_ends ends;
  const std::string first = "first", second = "and second";
  const kj::ArrayPtr<const kj::byte> pieces[] = {bytes_of(first), bytes_of(second)};
  ends.here.write(pieces).wait(ends.io.waitScope);
  CHECK(ends.seen.writes == 1);
  std::string got(first.size() + second.size(), '\0');
  ends.there->read(got.data(), got.size()).wait(ends.io.waitScope);
  CHECK(got == first + second);

  const auto large = letters(packed_stream::max_packed);
  const kj::ArrayPtr<const kj::byte> large_pieces[] = {bytes_of(first), bytes_of(large)};
  auto written = ends.here.write(large_pieces);
  got.assign(first.size() + large.size(), '\0');
  ends.there->read(got.data(), got.size()).wait(ends.io.waitScope);
  written.wait(ends.io.waitScope);
  CHECK(ends.seen.writes == 3);
  CHECK(got == first + large);
}

TEST_CASE("a read takes all that has come, and gives what is asked for") {
  two_ends ends;
  const auto sent = letters(1000);
  ends.send(sent);
  std::string got;
  for (int n = 0; n < 250; ++n)
    got += ends.read(4, 4);
  CHECK(got == sent);
  CHECK(ends.seen.reads == 1);
}

TEST_CASE("no read waits for more than was asked for") {
  two_ends ends;
  ends.send("12345");
  CHECK(ends.read(1, 100) == "12345");
  ends.send("abc");
  CHECK(ends.read(1, 2) == "ab");
  CHECK(ends.read(1, 100) == "c"); // of what was ahead, without asking again
  CHECK(ends.seen.reads == 2);
}

TEST_CASE("what is larger than the room is read to where it belongs, behind what was ahead") {
  two_ends ends;
  const auto sent = letters(5 * packed_stream::read_ahead);
  auto sending = ends.there->write(sent.data(), sent.size());
  std::string got = ends.read(3, 3);
  got += ends.read(sent.size() - 5, sent.size() - 5);
  got += ends.read(2, 2);
  sending.wait(ends.io.waitScope);
  CHECK(got == sent);
}

TEST_CASE("at the end a read gives what there was") {
  two_ends ends;
  ends.send("rest");
  ends.there->shutdownWrite();
  CHECK(ends.read(1, 2) == "re");
  CHECK(ends.read(10, 10) == "st");
  CHECK(ends.read(1, 10).empty());
}
