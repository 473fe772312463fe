#include "runtime/network/letter_stream.hpp"

#include "schemas/rpc.capnp.h"

namespace present::network {

namespace {

bool is_letter(capnp::AnyStruct::Reader root) {
  const auto bytes = root.getDataSection();
  return bytes.size() >= 2
         && (bytes[0] | static_cast<unsigned>(bytes[1]) << 8) == schema::LETTER_MARK;
}

} // namespace

void letter_box::put(capnp::AnyStruct::Reader letter) {
  KJ_IF_MAYBE (to, to_)
    (*to)(letter);
  else
    KJ_FAIL_REQUIRE("a letter came before anybody was let in to send one");
}

letter_stream::letter_stream(kj::AsyncIoStream& stream, std::shared_ptr<letter_box> incoming)
    : stream_(stream), incoming_(std::move(incoming)), last_write_(kj::READY_NOW) {
}

template <class Write>
kj::Promise<void> letter_stream::in_turn(Write write) {
  // A fork, for two wait on it: who wrote, and who writes next. A failure is that of
  // all later writes as well: the connection is broken then.
  auto written = last_write_.then(kj::mv(write)).fork();
  last_write_ = written.addBranch();
  return written.addBranch();
}

kj::Promise<void> letter_stream::send(kj::Own<capnp::MessageBuilder> letter) {
  return in_turn([this, letter = kj::mv(letter)]() mutable {
    auto written = stream_.writeMessage(nullptr, letter->getSegmentsForOutput());
    return written.attach(kj::mv(letter));
  });
}

kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>>
letter_stream::tryReadMessage(kj::ArrayPtr<kj::AutoCloseFd> descriptors,
                              capnp::ReaderOptions options,
                              kj::ArrayPtr<capnp::word> scratch) {
  using read = kj::Maybe<capnp::MessageReaderAndFds>;
  return stream_.tryReadMessage(descriptors, options, scratch)
    .then([this, descriptors, options, scratch](read message) -> kj::Promise<read> {
      KJ_IF_MAYBE (got, message) {
        const auto root = got->reader->getRoot<capnp::AnyStruct>();
        if (is_letter(root)) {
          incoming_->put(root);
          return tryReadMessage(descriptors, options, scratch);
        }
      }
      return kj::mv(message);
    });
}

kj::Promise<void> letter_stream::writeMessage(
  kj::ArrayPtr<const int> descriptors,
  kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  return in_turn([this, descriptors, segments] {
    return stream_.writeMessage(descriptors, segments);
  });
}

kj::Promise<void> letter_stream::writeMessages(
  kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
  return in_turn([this, messages] { return stream_.writeMessages(messages); });
}

kj::Promise<void> letter_stream::end() {
  return in_turn([this] { return stream_.end(); });
}

} // namespace present::network
