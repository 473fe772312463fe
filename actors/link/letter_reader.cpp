#include "actors/link/letter_reader.hpp"

#include "actors/link/peer_codec.hpp"

#include <caf/send.hpp>

#include <utility>

namespace present {

/// A message that claims another sender or receiver than the connection's ends,
/// or that this program can't read, is dropped: raft survives loss, not lies.
void letter_reader::on_letter(capnp::AnyStruct::Reader letter) {
  partition_id current;
  std::vector<raft::message> messages;
  for (const auto reader : letter.as<schema::PeerLetter>().getMessages()) {
    auto decoded = decode_message(reader);
    if (!decoded || decoded->what.from != peer_ || decoded->what.to != self_)
      continue;
    if (decoded->partition != current && !messages.empty())
      hand_over(current, std::exchange(messages, {}));
    current = decoded->partition;
    messages.push_back(std::move(decoded->what));
  }
  if (!messages.empty())
    hand_over(current, std::move(messages));
}

void letter_reader::hand_over(partition_id partition, std::vector<raft::message> messages) {
  if (const auto& to = partitions_.of(partition))
    caf::anon_send(to, raft_mail{std::move(messages)});
}

} // namespace present
