#include "actors/link/letter_codec.hpp"
#include "runtime/network/letter_stream.hpp"
#include "runtime/network/rpc_connection.hpp"
#include "schemas/rpc.capnp.h"
#include "tests/actors/partition/operations.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/message.hpp"
#include "tests/fuzz/target.hpp"

#include <capnp/rpc.capnp.h>

#include <algorithm>
#include <array>
#include <string>

/// What a node sends over a connection, from the stream's bytes to raft's mail: letters,
/// and between them what goes to the RPC system.

using namespace present;
using namespace present::fuzz;

namespace {

constexpr node_id self{1};
constexpr node_id peer{2};

/// Bytes from a peer, so many at a time; who writes to it is not heard.
class given_stream final : public kj::AsyncIoStream {
public:
  given_stream(std::string_view bytes, std::size_t piece) : left_(bytes), piece_(piece) {}

  kj::Promise<std::size_t> tryRead(void* to, std::size_t least, std::size_t most) override {
    const auto size = std::min({left_.size(), most, std::max(least, piece_)});
    std::copy_n(left_.data(), size, static_cast<char*>(to));
    left_.remove_prefix(size);
    return size;
  }
  kj::Promise<void> write(const void*, std::size_t) override { return kj::READY_NOW; }
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>>) override {
    return kj::READY_NOW;
  }
  kj::Promise<void> whenWriteDisconnected() override { return kj::NEVER_DONE; }
  void shutdownWrite() override {}

private:
  std::string_view left_;
  const std::size_t piece_;
};

/// What came out of one connection.
struct arrivals {
  std::vector<std::string> mail; ///< of raft, in order, as it is written again
  std::size_t letters = 0;
  std::size_t others = 0; ///< for the RPC system
  bool broken = false;    ///< and not merely at its end

  bool operator==(const arrivals&) const = default;
};

std::string written(partition_id partition, const raft::message& what) {
  return message_of<schema::RaftMessage>(
    [&](auto to) { encode_message(partition, what, to); });
}

void must_be_mail(partition_id partition, const raft::message& what) {
  must(what.from == peer && what.to == self, "mail is of the two ends of its connection");
  read_message<schema::RaftMessage>(written(partition, what), [&](auto from) {
    const auto again = decode_message(from);
    must(again && written(again->partition, again->what) == written(partition, what),
         "mail that was read is written so that it is read the same");
  });
}

bool is_marked(capnp::AnyStruct::Reader root) {
  const auto bytes = root.getDataSection();
  return bytes.size() >= 2 && (bytes[0] | bytes[1] << 8) == schema::LETTER_MARK;
}

arrivals read_all(std::string_view bytes, std::size_t piece, bool is_let_in) {
  kj::EventLoop loop;
  kj::WaitScope scope{loop};
  given_stream stream{bytes, piece};
  arrivals seen;
  const auto box = std::make_shared<network::letter_box>();
  if (is_let_in)
    box->open([&](capnp::AnyStruct::Reader letter) {
      ++seen.letters;
      const auto left_out = read_letter(
        letter.as<schema::PeerLetter>(), self, peer,
        [&](partition_id partition, std::vector<raft::message> messages) {
          must(!messages.empty(), "nobody is handed nothing");
          for (const auto& one : messages) {
            must_be_mail(partition, one);
            seen.mail.push_back(written(partition, one));
          }
        });
      must(left_out <= bytes.size(), "a letter has no more messages than bytes");
    });
  network::letter_stream incoming{stream, box};
  try {
    for (bool ended = false; !ended;) {
      ended = true;
      auto read
        = incoming.tryReadMessage(nullptr, network::rpc_reader_options(), nullptr).wait(scope);
      KJ_IF_MAYBE (message, read) {
        ended = false;
        ++seen.others;
        must(!is_marked(message->reader->getRoot<capnp::AnyStruct>()),
             "the RPC system is shown no letter");
      }
    }
  } catch (const kj::Exception&) {
    seen.broken = true;
  }
  must(is_let_in || seen.letters == 0, "a closed box takes no letter");
  return seen;
}

std::string letter_of(const std::vector<raft::message>& messages,
                      std::uint16_t mark = schema::LETTER_MARK) {
  return message_of<schema::PeerLetter>([&](schema::PeerLetter::Builder root) {
    root.setMark(mark);
    auto all = root.initMessages(static_cast<unsigned>(messages.size()));
    for (unsigned place = 0; place < all.size(); ++place)
      encode_message({1 + place / 2}, messages[place], all[place]);
  });
}

std::string call() {
  return message_of<capnp::rpc::Message>(
    [](capnp::rpc::Message::Builder root) { root.initBootstrap().setQuestionId(7); });
}

std::vector<raft::message> some_mail() {
  raft::append_request append{{8}, {4}, {8}, {}, 3, true};
  append.entries = {{{5}, {9}, raft::entry_kind::command}};
  append.entries[0].payload = partition::test::bytes("an entry's bytes");
  std::vector<raft::message> all;
  for (const raft::body& content :
       std::vector<raft::body>{append, raft::append_reply{true, {9}},
                               raft::vote_request{{9}, {5}, true}, raft::timeout_now{}})
    all.push_back({peer, self, {7}, {5}, content, 6, {8}});
  all.push_back(all.front());
  all.back().from = {3}; // a lie
  return all;
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  const auto letter = letter_of(some_mail());
  const auto small = letter_of({some_mail().back()});
  return {chosen(0, letter), chosen(1, call() + letter + small + call()),
          chosen(2, letter + letter + letter), chosen(3, small + call() + letter),
          chosen(4, letter_of({})), chosen(5, call() + letter),
          chosen(1, letter_of(some_mail(), schema::LETTER_MARK + 1))};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  constexpr std::array<std::size_t, 5> pieces{1, 3, 8, 13, 64};
  const auto choice = given.choice_of(pieces.size() + 1);
  if (choice == pieces.size()) {
    read_all(given.rest(), size, false);
    return 0;
  }
  must(read_all(given.rest(), pieces.at(choice), true) == read_all(given.rest(), size, true),
       "how a stream is cut changes nothing");
  return 0;
}
