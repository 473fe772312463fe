#include "actors/link/letter_reader.hpp"

#include "actors/link/letter_codec.hpp"

#include <caf/send.hpp>

#include <utility>

namespace present {

void letter_reader::on_letter(capnp::AnyStruct::Reader letter) {
  read_letter(letter.as<schema::PeerLetter>(), self_, peer_,
              [this](partition_id partition, std::vector<raft::message> messages) {
                hand_over(partition, std::move(messages));
              });
}

void letter_reader::hand_over(partition_id partition, std::vector<raft::message> messages) {
  if (const auto& to = partitions_.of(partition))
    caf::anon_send(to, raft_mail{std::move(messages)});
}

} // namespace present
