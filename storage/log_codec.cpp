#include "storage/log_codec.hpp"

#include "schemas/log.capnp.h"
#include "storage/capnp_bytes.hpp"

namespace present::storage {

namespace {

using namespace capnp_bytes;

void encode_position(stored::LogPosition::Builder out,
                     const raft::log_position& position) {
  out.setIndex(position.index.value);
  out.setTerm(position.at_term.value);
}

raft::log_position decode_position(stored::LogPosition::Reader in) {
  return {{in.getIndex()}, {in.getTerm()}};
}

void encode_nodes(capnp::List<std::uint32_t>::Builder out,
                  const std::vector<node_id>& nodes) {
  for (unsigned place = 0; place < nodes.size(); ++place)
    out.set(place, nodes[place].value);
}

std::vector<node_id> decode_nodes(capnp::List<std::uint32_t>::Reader in) {
  std::vector<node_id> nodes;
  nodes.reserve(in.size());
  for (const auto number : in)
    nodes.push_back({number});
  return nodes;
}

void encode_members(stored::Configuration::Builder out,
                    const raft::configuration& members) {
  const auto size = [](const auto& list) {
    return static_cast<unsigned>(list.size());
  };
  encode_nodes(out.initVoters(size(members.voters)), members.voters);
  encode_nodes(out.initOutgoing(size(members.outgoing)), members.outgoing);
  encode_nodes(out.initLearners(size(members.learners)), members.learners);
  auto stores = out.initStores(size(members.stores));
  for (unsigned place = 0; place < members.stores.size(); ++place) {
    stores[place].setNode(members.stores[place].node.value);
    stores[place].setStore(members.stores[place].store.value);
  }
}

raft::configuration decode_members(stored::Configuration::Reader in) {
  raft::configuration members{decode_nodes(in.getVoters()),
                              decode_nodes(in.getOutgoing()),
                              decode_nodes(in.getLearners())};
  for (const auto member : in.getStores())
    members.stores.push_back({{member.getNode()}, {member.getStore()}});
  return members;
}

std::size_t size_of(const raft::configuration& members) {
  return 8 * (members.voters.size() + members.outgoing.size()
              + members.learners.size() + 2 * members.stores.size());
}

} // namespace

std::string encode_identity(const stored_identity& identity) {
  return write<stored::JournalIdentity>(
    identity.who.cluster.size(), [&](auto out) {
      out.setFormat(identity.format);
      out.setCluster(text_of(identity.who.cluster));
      out.setNode(identity.who.node.value);
      out.setStore(identity.who.store.value);
      out.setBoot(identity.who.boot);
    });
}

result<stored_identity> decode_identity(std::string_view bytes) {
  return read<stored::JournalIdentity, stored_identity>(
    bytes, [](auto in) -> result<stored_identity> {
      return stored_identity{in.getFormat(),
                             {string_of(in.getCluster()),
                              {in.getNode()},
                              {in.getStore()},
                              in.getBoot()}};
    });
}

std::string encode_hard_state(const stored_hard_state& state) {
  return write<stored::HardState>(0, [&](auto out) {
    out.setTerm(state.hard.current_term.value);
    out.setVotedFor(state.hard.voted_for.value);
    encode_position(out.initTail(), state.tail);
    encode_position(out.initPromised(), state.promised);
  });
}

result<stored_hard_state> decode_hard_state(std::string_view bytes) {
  return read<stored::HardState, stored_hard_state>(
    bytes, [](auto in) -> result<stored_hard_state> {
      return stored_hard_state{{{in.getTerm()}, {in.getVotedFor()}},
                               decode_position(in.getTail()),
                               decode_position(in.getPromised())};
    });
}

std::string encode_mark(const raft::snapshot_mark& mark) {
  return write<stored::SnapshotMark>(size_of(mark.members), [&](auto out) {
    out.setIndex(mark.index.value);
    out.setTerm(mark.at_term.value);
    encode_members(out.initMembers(), mark.members);
  });
}

result<raft::snapshot_mark> decode_mark(std::string_view bytes) {
  return read<stored::SnapshotMark, raft::snapshot_mark>(
    bytes, [](auto in) -> result<raft::snapshot_mark> {
      return raft::snapshot_mark{{in.getIndex()},
                                 {in.getTerm()},
                                 decode_members(in.getMembers())};
    });
}

std::string encode_witnesses(const std::vector<raft::witnessed>& peers) {
  return write<stored::Witnesses>(64 * peers.size(), [&](auto out) {
    auto list = out.initPeers(static_cast<unsigned>(peers.size()));
    for (unsigned place = 0; place < peers.size(); ++place) {
      const auto& peer = peers[place];
      list[place].setNode(peer.node.value);
      list[place].setStore(peer.store.value);
      list[place].setBoot(peer.boot);
      list[place].setOpening(peer.opening);
      list[place].setHeard(peer.heard.value);
      encode_position(list[place].initMatched(), peer.matched);
    }
  });
}

result<std::vector<raft::witnessed>> decode_witnesses(std::string_view bytes) {
  return read<stored::Witnesses, std::vector<raft::witnessed>>(
    bytes, [](auto in) -> result<std::vector<raft::witnessed>> {
      std::vector<raft::witnessed> peers;
      for (const auto each : in.getPeers())
        peers.push_back({{each.getNode()}, {each.getStore()}, each.getBoot(),
                         each.getOpening(), {each.getHeard()},
                         decode_position(each.getMatched())});
      return peers;
    });
}

std::string encode_entry_head(const raft::entry& entry) {
  const auto size = entry.members ? size_of(*entry.members) : 0;
  return write<stored::LogEntry>(size, [&](auto out) {
    out.setTerm(entry.at_term.value);
    out.setKind(static_cast<std::uint8_t>(entry.kind));
    if (entry.members)
      encode_members(out.initMembers(), *entry.members);
  });
}

std::string_view body_of(const raft::entry& entry) {
  return entry.payload ? std::string_view{*entry.payload} : std::string_view{};
}

result<raft::entry> decode_entry(log_index index, std::string_view bytes) {
  return read_head<stored::LogEntry, raft::entry>(
    bytes, [&](auto in, std::string_view body) -> result<raft::entry> {
      if (in.getKind() > static_cast<int>(raft::entry_kind::configuration))
        return unknown_number("entry kind", in.getKind());
      raft::entry entry{{in.getTerm()},
                        index,
                        static_cast<raft::entry_kind>(in.getKind())};
      if (entry.kind == raft::entry_kind::command)
        entry.payload = std::make_shared<const std::string>(body);
      if (entry.kind == raft::entry_kind::configuration)
        entry.members = std::make_shared<const raft::configuration>(
          decode_members(in.getMembers()));
      return entry;
    });
}

} // namespace present::storage
