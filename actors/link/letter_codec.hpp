#pragma once

#include "actors/link/peer_codec.hpp"
#include "schemas/honest_list.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace present {

/// Calls `hand_over(partition_id, std::vector<raft::message>)` with what `letter` brings
/// to `self`, in its order: messages of one partition that follow each other together. A
/// message that claims another sender or receiver than the connection's ends, or that
/// this program can't read, is left out: raft survives loss, not lies. Returns how many
/// were: no more than the letter has words.
///
/// kj throws at a letter that leads its reader beyond the limits of a connection.
template <class HandOver>
std::size_t read_letter(schema::PeerLetter::Reader letter, node_id self, node_id peer,
                        HandOver hand_over) {
  std::size_t left_out = 0;
  partition_id current;
  std::vector<raft::message> messages;
  for (const auto reader : schema::honest(letter.getMessages())) {
    auto decoded = decode_message(reader);
    if (!decoded || decoded->what.from != peer || decoded->what.to != self) {
      ++left_out;
      continue;
    }
    if (decoded->partition != current && !messages.empty())
      hand_over(current, std::exchange(messages, {}));
    current = decoded->partition;
    messages.push_back(std::move(decoded->what));
  }
  if (!messages.empty())
    hand_over(current, std::move(messages));
  return left_out;
}

} // namespace present
