#include "actors/link/peer_codec.hpp"

#include "actors/partition/replica_message.hpp"
#include "runtime/base/overloaded.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"

#include <memory>
#include <utility>

namespace present {
namespace {

template <class Id, class List>
void encode_ids(const std::vector<Id>& from, List to) {
  for (unsigned place = 0; place < to.size(); ++place)
    to.set(place, from[place].value);
}

std::vector<node_id> decode_ids(capnp::List<std::uint32_t>::Reader from) {
  std::vector<node_id> ids;
  ids.reserve(from.size());
  for (const auto id : from)
    ids.push_back({id});
  return ids;
}

unsigned count(const auto& list) {
  return static_cast<unsigned>(list.size());
}

using schema::bytes_of;
using schema::data_of;

void encode_configuration(const raft::configuration& from,
                          schema::Configuration::Builder to) {
  encode_ids(from.voters, to.initVoters(count(from.voters)));
  encode_ids(from.outgoing, to.initOutgoing(count(from.outgoing)));
  encode_ids(from.learners, to.initLearners(count(from.learners)));
  auto stores = to.initStores(count(from.stores));
  for (unsigned place = 0; place < stores.size(); ++place) {
    stores[place].setNode(from.stores[place].node.value);
    stores[place].setStore(from.stores[place].store.value);
  }
}

raft::configuration decode_configuration(schema::Configuration::Reader from) {
  raft::configuration members;
  members.voters = decode_ids(from.getVoters());
  members.outgoing = decode_ids(from.getOutgoing());
  members.learners = decode_ids(from.getLearners());
  for (const auto each : schema::honest(from.getStores()))
    members.stores.push_back({{each.getNode()}, {each.getStore()}});
  return members;
}

void encode_mark(const raft::snapshot_mark& from,
                 schema::SnapshotMark::Builder to) {
  to.setIndex(from.index.value);
  to.setTerm(from.at_term.value);
  encode_configuration(from.members, to.initMembers());
}

raft::snapshot_mark decode_mark(schema::SnapshotMark::Reader from) {
  return {{from.getIndex()}, {from.getTerm()},
          decode_configuration(from.getMembers())};
}

void encode_entry(const raft::entry& from, schema::Entry::Builder to) {
  to.setTerm(from.at_term.value);
  to.setIndex(from.index.value);
  switch (from.kind) {
    case raft::entry_kind::empty:
      to.getContent().setEmpty();
      break;
    case raft::entry_kind::command:
      to.getContent().setCommand(data_of(from.payload));
      break;
    case raft::entry_kind::configuration:
      encode_configuration(from.members ? *from.members : raft::configuration{},
                           to.getContent().initConfiguration());
      break;
  }
}

result<raft::entry> decode_entry(schema::Entry::Reader from) {
  raft::entry read;
  read.at_term = {from.getTerm()};
  read.index = {from.getIndex()};
  const auto content = from.getContent();
  switch (content.which()) {
    case schema::Entry::Content::EMPTY:
      read.kind = raft::entry_kind::empty;
      return read;
    case schema::Entry::Content::COMMAND:
      read.kind = raft::entry_kind::command;
      read.payload = bytes_of(content.getCommand());
      return read;
    case schema::Entry::Content::CONFIGURATION:
      read.kind = raft::entry_kind::configuration;
      read.members = std::make_shared<const raft::configuration>(
        decode_configuration(content.getConfiguration()));
      return read;
  }
  return make_error(error_code::invalid,
                    "entries: one of a kind that this node doesn't know");
}

void encode_digest(const storage::state_digest& from, schema::DigestTold::Builder to) {
  auto sums = to.initSums(storage::state_digest::buckets);
  auto counts = to.initCounts(storage::state_digest::buckets);
  for (unsigned bucket = 0; bucket < storage::state_digest::buckets; ++bucket) {
    sums.set(bucket, from[bucket].sum);
    counts.set(bucket, from[bucket].count);
  }
}

void encode_position(const raft::log_position& from, schema::LogPosition::Builder to) {
  to.setIndex(from.index.value);
  to.setTerm(from.at_term.value);
}

raft::log_position decode_position(schema::LogPosition::Reader from) {
  return {{from.getIndex()}, {from.getTerm()}};
}

void encode_carried(const partition::replica_message& from,
                    schema::ReplicaMessage::What::Builder to) {
  std::visit(
    overloaded{
      [&](const partition::digest_asked& what) {
        to.initDigestAsked().setMarker(what.marker.value);
      },
      [&](const partition::digest_told& what) {
        auto told = to.initDigestTold();
        told.setMarker(what.marker.value);
        told.setStanding(static_cast<std::uint8_t>(what.standing));
        if (what.digest)
          encode_digest(*what.digest, told);
      },
      [&](const partition::digest_verdict& what) {
        auto verdict = to.initDigestVerdict();
        verdict.setMarker(what.marker.value);
        auto buckets = verdict.initBuckets(count(what.buckets));
        for (unsigned place = 0; place < buckets.size(); ++place)
          buckets.set(place, what.buckets[place]);
      },
      [&](const partition::standing_asked& what) {
        auto asked = to.initStandingAsked();
        asked.setBoot(what.life.boot);
        asked.setOpening(what.life.opening);
        asked.setTerm(what.at_term.value);
        encode_position(what.reached, asked.initReached());
      },
      [&](const partition::standing_told& what) {
        auto told = to.initStandingTold();
        told.setOpening(what.opening);
        told.setTerm(what.at_term.value);
        encode_position(what.last, told.initLast());
        told.setSign(static_cast<std::uint8_t>(what.sign));
        encode_configuration(what.members, told.initMembers());
      },
    },
    from.what);
}

result<partition::digest_told> decode_told(schema::DigestTold::Reader from) {
  constexpr auto buckets = storage::state_digest::buckets;
  partition::digest_told told{{from.getMarker()}};
  if (from.getStanding() > static_cast<std::uint8_t>(partition::digest_standing::lost))
    return make_error(error_code::invalid, "standing: one that this node doesn't know");
  told.standing = static_cast<partition::digest_standing>(from.getStanding());
  if (told.standing != partition::digest_standing::taken)
    return told;
  const auto sums = from.getSums();
  const auto counts = from.getCounts();
  if (sums.size() != buckets || counts.size() != buckets)
    return make_error(error_code::invalid,
                      "digest: " + std::to_string(sums.size()) + " sums and "
                        + std::to_string(counts.size()) + " counts; there are "
                        + std::to_string(buckets) + " buckets");
  auto digest = std::make_shared<storage::state_digest>();
  for (unsigned bucket = 0; bucket < buckets; ++bucket)
    (*digest)[bucket] = {sums[bucket], counts[bucket]};
  told.digest = std::move(digest);
  return told;
}

result<partition::replica_message> decode_carried(schema::ReplicaMessage::What::Reader from) {
  using what = schema::ReplicaMessage::What;
  switch (from.which()) {
    case what::DIGEST_ASKED:
      return partition::replica_message{
        partition::digest_asked{{from.getDigestAsked().getMarker()}}};
    case what::DIGEST_TOLD: {
      auto told = decode_told(from.getDigestTold());
      if (!told)
        return told.problem();
      return partition::replica_message{std::move(*told)};
    }
    case what::DIGEST_VERDICT: {
      const auto read = from.getDigestVerdict();
      partition::digest_verdict verdict{{read.getMarker()}, {}};
      if (read.getBuckets().size() > storage::state_digest::buckets)
        return make_error(error_code::invalid, "verdict: more buckets than there are");
      for (const auto bucket : read.getBuckets())
        verdict.buckets.push_back(bucket);
      return partition::replica_message{std::move(verdict)};
    }
    case what::STANDING_ASKED: {
      const auto read = from.getStandingAsked();
      return partition::replica_message{
        partition::standing_asked{{read.getBoot(), read.getOpening()},
                                  {read.getTerm()},
                                  decode_position(read.getReached())}};
    }
    case what::STANDING_TOLD: {
      const auto read = from.getStandingTold();
      if (read.getSign() > static_cast<std::uint8_t>(partition::lapse::log))
        return make_error(error_code::invalid, "sign: one that this node doesn't know");
      return partition::replica_message{
        partition::standing_told{read.getOpening(), {read.getTerm()},
                                 decode_position(read.getLast()),
                                 static_cast<partition::lapse>(read.getSign()),
                                 decode_configuration(read.getMembers())}};
    }
  }
  return make_error(error_code::invalid,
                    "what a replica says: of a kind that this node doesn't know");
}

struct body_encoder {
  schema::RaftMessage::Body::Builder to;

  void operator()(const raft::vote_request& from) {
    auto what = to.initVoteRequest();
    what.setLastIndex(from.last_index.value);
    what.setLastTerm(from.last_term.value);
    what.setPre(from.pre);
    what.setTransfer(from.transfer);
  }
  void operator()(const raft::vote_reply& from) {
    auto what = to.initVoteReply();
    what.setPre(from.pre);
    what.setGranted(from.granted);
  }
  void operator()(const raft::append_request& from) {
    auto what = to.initAppendRequest();
    what.setPreviousIndex(from.previous_index.value);
    what.setPreviousTerm(from.previous_term.value);
    what.setCommit(from.commit.value);
    what.setRound(from.round);
    what.setQuiet(from.quiet);
    auto entries = what.initEntries(count(from.entries));
    for (unsigned place = 0; place < entries.size(); ++place)
      encode_entry(from.entries[place], entries[place]);
  }
  void operator()(const raft::append_reply& from) {
    auto what = to.initAppendReply();
    what.setAccepted(from.accepted);
    what.setMatched(from.matched.value);
    what.setRefusedIndex(from.refused_index.value);
    what.setHintIndex(from.hint_index.value);
    what.setHintTerm(from.hint_term.value);
    what.setStateWanted(from.state_wanted.value);
    what.setRound(from.round);
  }
  void operator()(const raft::snapshot_chunk& from) {
    auto what = to.initSnapshotChunk();
    encode_mark(from.mark, what.initMark());
    what.setOffset(from.offset);
    what.setBytes(data_of(from.bytes));
    what.setLast(from.last);
    what.setDigest(from.digest);
  }
  void operator()(const raft::snapshot_reply& from) {
    auto what = to.initSnapshotReply();
    encode_mark(from.mark, what.initMark());
    what.setNextOffset(from.next_offset);
    what.setInstalled(from.installed);
  }
  void operator()(const raft::timeout_now&) { to.setTimeoutNow(); }
  void operator()(const raft::carried& from) {
    encode_carried(*from.what, to.initCarried().getWhat());
  }
};

raft::vote_request decode_body(schema::VoteRequest::Reader from) {
  return {{from.getLastIndex()}, {from.getLastTerm()}, from.getPre(),
          from.getTransfer()};
}

raft::vote_reply decode_body(schema::VoteReply::Reader from) {
  return {from.getPre(), from.getGranted()};
}

result<raft::append_request> decode_append(schema::AppendRequest::Reader from) {
  raft::append_request read;
  read.previous_index = {from.getPreviousIndex()};
  read.previous_term = {from.getPreviousTerm()};
  read.commit = {from.getCommit()};
  read.round = from.getRound();
  read.quiet = from.getQuiet();
  const auto entries = schema::honest(from.getEntries());
  if (entries.size() != from.getEntries().size())
    return make_error(error_code::invalid, "entries: they take no bytes");
  read.entries.reserve(entries.size());
  for (const auto each : entries) {
    auto decoded = decode_entry(each);
    if (!decoded)
      return decoded.problem();
    read.entries.push_back(std::move(*decoded));
  }
  return read;
}

raft::append_reply decode_body(schema::AppendReply::Reader from) {
  return {from.getAccepted(),      {from.getMatched()},
          {from.getRefusedIndex()}, {from.getHintIndex()},
          {from.getHintTerm()},     from.getRound(),
          {from.getStateWanted()}};
}

raft::snapshot_chunk decode_body(schema::SnapshotChunk::Reader from) {
  return {decode_mark(from.getMark()), from.getOffset(),
          bytes_of(from.getBytes()), from.getLast(), from.getDigest()};
}

raft::snapshot_reply decode_body(schema::SnapshotReply::Reader from) {
  return {decode_mark(from.getMark()), from.getNextOffset(),
          from.getInstalled()};
}

result<raft::body> decode_content(schema::RaftMessage::Body::Reader from) {
  using schema::RaftMessage;
  switch (from.which()) {
    case RaftMessage::Body::VOTE_REQUEST:
      return raft::body(decode_body(from.getVoteRequest()));
    case RaftMessage::Body::VOTE_REPLY:
      return raft::body(decode_body(from.getVoteReply()));
    case RaftMessage::Body::APPEND_REQUEST: {
      auto append = decode_append(from.getAppendRequest());
      if (!append)
        return append.problem();
      return raft::body(std::move(*append));
    }
    case RaftMessage::Body::APPEND_REPLY:
      return raft::body(decode_body(from.getAppendReply()));
    case RaftMessage::Body::SNAPSHOT_CHUNK:
      return raft::body(decode_body(from.getSnapshotChunk()));
    case RaftMessage::Body::SNAPSHOT_REPLY:
      return raft::body(decode_body(from.getSnapshotReply()));
    case RaftMessage::Body::TIMEOUT_NOW:
      return raft::body(raft::timeout_now{});
    case RaftMessage::Body::CARRIED: {
      auto carried = decode_carried(from.getCarried().getWhat());
      if (!carried)
        return carried.problem();
      return raft::body(raft::carried{
        std::make_shared<const partition::replica_message>(std::move(*carried))});
    }
  }
  return make_error(error_code::invalid,
                    "a raft message of a kind that this node doesn't know");
}

} // namespace

void encode_message(partition_id partition, const raft::message& from,
                    schema::RaftMessage::Builder to) {
  to.setPartition(partition.value);
  to.setFrom(from.from.value);
  to.setTo(from.to.value);
  to.setFromStore(from.from_store.value);
  to.setTerm(from.at_term.value);
  to.setWallMs(from.wall_ms);
  to.setLatest(from.latest.value);
  std::visit(body_encoder{to.getBody()}, from.content);
}

result<partition_message> decode_message(schema::RaftMessage::Reader from) {
  auto content = decode_content(from.getBody());
  if (!content)
    return content.problem();
  return partition_message{{from.getPartition()},
                           {{from.getFrom()},
                            {from.getTo()},
                            {from.getFromStore()},
                            {from.getTerm()},
                            std::move(*content),
                            from.getWallMs(),
                            {from.getLatest()}}};
}

} // namespace present
