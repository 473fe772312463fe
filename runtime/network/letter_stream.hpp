#pragma once

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize-async.h>
#include <kj/async-io.h>
#include <kj/function.h>

#include <memory>

namespace present::network {

/// Where the letters of one connection go. Closed until somebody who may have them
/// opens it; a letter that comes before that ends the connection.
class letter_box {
public:
  /// Shown one letter; what it refers to is gone afterwards.
  using receiver = kj::Function<void(capnp::AnyStruct::Reader)>;

  void open(receiver to) { to_ = kj::mv(to); }
  /// Throws if it is closed.
  void put(capnp::AnyStruct::Reader letter);

private:
  kj::Maybe<receiver> to_;
};

/// The messages of a Cap'n Proto RPC connection, and between them letters: messages
/// that nobody answers. An RPC call is three messages (call, return, finish), each
/// with a wake-up at its receiver; a letter is one.
///
/// A letter is a message whose root begins with `letter_mark`, which no RPC message
/// does: there its kind stands, a small number. Letters and calls arrive in the order
/// in which they were sent. Lives on the network thread.
class letter_stream final : public capnp::MessageStream {
public:
  letter_stream(kj::AsyncIoStream& stream, std::shared_ptr<letter_box> incoming);

  /// Done when the socket has taken it: the sender's measure of when to send more.
  kj::Promise<void> send(kj::Own<capnp::MessageBuilder> letter);

  // What the RPC system reads and writes.
  kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>>
  tryReadMessage(kj::ArrayPtr<kj::AutoCloseFd> descriptors, capnp::ReaderOptions options,
                 kj::ArrayPtr<capnp::word> scratch) override;
  kj::Promise<void>
  writeMessage(kj::ArrayPtr<const int> descriptors,
               kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) override;
  kj::Promise<void> writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) override;
  kj::Maybe<int> getSendBufferSize() override { return stream_.getSendBufferSize(); }
  kj::Promise<void> end() override;

private:
  /// One write after the other, whoever asks.
  template <class Write>
  kj::Promise<void> in_turn(Write write);

  capnp::AsyncIoMessageStream stream_;
  const std::shared_ptr<letter_box> incoming_;
  kj::Promise<void> last_write_;
};

} // namespace present::network
