#include "actors/link/peer_codec.hpp"
#include "actors/partition/replica_message.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>

using namespace present;

namespace {

std::uint64_t any_number() {
  return *rc::gen::arbitrary<std::uint64_t>();
}

std::uint32_t any_small() {
  return *rc::gen::arbitrary<std::uint32_t>();
}

bool any_bool() {
  return *rc::gen::arbitrary<bool>();
}

template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> all;
  for (int left = *rc::gen::inRange(0, 5); left > 0; --left)
    all.push_back(make());
  return all;
}

node_id any_node() {
  return {any_small()};
}

raft::payload_ptr any_payload() {
  return std::make_shared<const std::string>(*rc::gen::arbitrary<std::string>());
}

raft::configuration any_members() {
  return {several(any_node), several(any_node), several(any_node), several([] {
            return raft::member_store{any_node(), store_id{any_number()}};
          })};
}

raft::snapshot_mark any_mark() {
  return {{any_number()}, {any_number()}, any_members()};
}

raft::entry any_entry() {
  raft::entry made{{any_number()}, {any_number()}};
  made.kind = static_cast<raft::entry_kind>(*rc::gen::inRange(0, 3));
  if (made.kind == raft::entry_kind::command)
    made.payload = any_payload();
  if (made.kind == raft::entry_kind::configuration)
    made.members = std::make_shared<const raft::configuration>(any_members());
  return made;
}

partition::replica_message any_word() {
  const log_index marker{any_number()};
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return {partition::digest_asked{marker}};
    case 4:
      return {partition::standing_asked{{any_number(), any_number()}, {any_number()},
                                        {{any_number()}, {any_number()}}}};
    case 5:
      return {partition::standing_told{any_number(), {any_number()},
                                       {{any_number()}, {any_number()}},
                                       any_bool() ? partition::lapse::log
                                                  : partition::lapse::none,
                                       any_members()}};
    case 1: {
      auto digest = std::make_shared<storage::state_digest>();
      for (std::size_t bucket = 0; bucket < storage::state_digest::buckets; ++bucket)
        (*digest)[bucket] = {any_number(), any_number()};
      return {partition::digest_told{marker, partition::digest_standing::taken, digest}};
    }
    case 2:
      return {partition::digest_told{
        marker, any_bool() ? partition::digest_standing::lost
                           : partition::digest_standing::unknown, nullptr}};
    default:
      return {partition::digest_verdict{marker, {0, 7, 255}}};
  }
}

raft::body any_body() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return raft::vote_request{
        {any_number()}, {any_number()}, any_bool(), any_bool()};
    case 1:
      return raft::vote_reply{any_bool(), any_bool()};
    case 2:
      return raft::append_request{{any_number()}, {any_number()},
                                  {any_number()}, several(any_entry),
                                  any_number(),   any_bool()};
    case 3:
      return raft::append_reply{any_bool(),     {any_number()}, {any_number()},
                                {any_number()}, {any_number()}, any_number()};
    case 4:
      return raft::snapshot_chunk{any_mark(), any_number(), any_payload(),
                                  any_bool(), any_number()};
    case 5:
      return raft::snapshot_reply{any_mark(), any_number(), any_bool()};
    case 6:
      return raft::carried{std::make_shared<const partition::replica_message>(any_word())};
    default:
      return raft::timeout_now{};
  }
}

raft::message any_message() {
  return {any_node(),      any_node(), {any_number()}, {any_number()},
          any_body(), any_number(), {any_number()}};
}

/// Everything of a message as text, so that none of its fields can be forgotten
/// in a comparison without being forgotten here.
struct description {
  std::string text;

  void number(std::uint64_t value) { text += std::to_string(value) + ' '; }
  void bytes(const raft::payload_ptr& value) {
    text += value ? '"' + *value + "\" " : "null ";
  }
  void nodes(const std::vector<node_id>& all) {
    number(all.size());
    for (const auto each : all)
      number(each.value);
  }
  void members(const raft::configuration& all) {
    nodes(all.voters);
    nodes(all.outgoing);
    nodes(all.learners);
    for (const auto& each : all.stores) {
      number(each.node.value);
      number(each.store.value);
    }
  }
  void mark(const raft::snapshot_mark& at) {
    number(at.index.value);
    number(at.at_term.value);
    members(at.members);
  }
  void entry(const raft::entry& each) {
    number(each.at_term.value);
    number(each.index.value);
    number(static_cast<std::uint64_t>(each.kind));
    bytes(each.payload);
    if (each.members)
      members(*each.members);
  }

  void operator()(const raft::vote_request& body) {
    text += "vote_request ";
    number(body.last_index.value);
    number(body.last_term.value);
    number(body.pre);
    number(body.transfer);
  }
  void operator()(const raft::vote_reply& body) {
    text += "vote_reply ";
    number(body.pre);
    number(body.granted);
  }
  void operator()(const raft::append_request& body) {
    text += "append_request ";
    number(body.previous_index.value);
    number(body.previous_term.value);
    number(body.commit.value);
    number(body.round);
    number(body.quiet);
    for (const auto& each : body.entries)
      entry(each);
  }
  void operator()(const raft::append_reply& body) {
    text += "append_reply ";
    number(body.accepted);
    number(body.matched.value);
    number(body.refused_index.value);
    number(body.hint_index.value);
    number(body.hint_term.value);
    number(body.round);
  }
  void operator()(const raft::snapshot_chunk& body) {
    text += "snapshot_chunk ";
    mark(body.mark);
    number(body.offset);
    bytes(body.bytes);
    number(body.last);
    number(body.digest);
  }
  void operator()(const raft::snapshot_reply& body) {
    text += "snapshot_reply ";
    mark(body.mark);
    number(body.next_offset);
    number(body.installed);
  }
  void operator()(const raft::timeout_now&) { text += "timeout_now "; }
  void operator()(const raft::carried& body) { std::visit(*this, body.what->what); }
  void operator()(const partition::digest_asked& word) {
    text += "digest_asked ";
    number(word.marker.value);
  }
  void operator()(const partition::digest_told& word) {
    text += "digest_told ";
    number(word.marker.value);
    number(static_cast<std::uint64_t>(word.standing));
    for (std::size_t bucket = 0; word.digest && bucket < storage::state_digest::buckets;
         ++bucket) {
      number((*word.digest)[bucket].sum);
      number((*word.digest)[bucket].count);
    }
  }
  void operator()(const partition::digest_verdict& word) {
    text += "digest_verdict ";
    number(word.marker.value);
    for (const auto bucket : word.buckets)
      number(bucket);
  }
  void operator()(const partition::standing_asked& word) {
    text += "standing_asked ";
    number(word.life.boot);
    number(word.life.opening);
    number(word.at_term.value);
    number(word.reached.index.value);
    number(word.reached.at_term.value);
  }
  void operator()(const partition::standing_told& word) {
    text += "standing_told ";
    number(word.opening);
    number(word.at_term.value);
    number(word.last.index.value);
    number(word.last.at_term.value);
    number(static_cast<std::uint64_t>(word.sign));
    members(word.members);
  }
};

std::string described(const partition_message& message) {
  description made;
  made.number(message.partition.value);
  made.number(message.what.from.value);
  made.number(message.what.to.value);
  made.number(message.what.from_store.value);
  made.number(message.what.at_term.value);
  std::visit(made, message.what.content);
  made.number(message.what.wall_ms);
  made.number(message.what.latest.value);
  return made.text;
}

kj::Array<capnp::word> encoded(const partition_message& message) {
  capnp::MallocMessageBuilder builder;
  encode_message(message.partition, message.what,
                 builder.initRoot<schema::RaftMessage>());
  return capnp::messageToFlatArray(builder);
}

result<partition_message> decoded(kj::ArrayPtr<const capnp::word> words) {
  capnp::FlatArrayMessageReader reader(words);
  return decode_message(reader.getRoot<schema::RaftMessage>());
}

} // namespace

TEST_CASE("every raft message comes back as it went") {
  CHECK(rc::check([] {
    const partition_message sent{{any_small()}, any_message()};
    const auto back = decoded(encoded(sent));
    RC_ASSERT(bool(back));
    RC_ASSERT(described(*back) == described(sent));
  }));
}

TEST_CASE("a message of an unknown kind is refused, not guessed") {
  auto words = encoded({{1}, {{1}, {2}, {3}, {4}, raft::timeout_now{}}});
  // timeoutNow is member 6 of its union, and nothing else in the struct, which
  // begins after the segment table and the root pointer, is a 6.
  auto* const bytes = words.asBytes().begin();
  int changed = 0;
  for (std::size_t at = 16; at + 1 < words.asBytes().size(); at += 2) {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes + at, sizeof value);
    if (value == 6) {
      value = 999;
      std::memcpy(bytes + at, &value, sizeof value);
      ++changed;
    }
  }
  REQUIRE(changed == 1);
  const auto back = decoded(words);
  REQUIRE_FALSE(back);
  CHECK(back.problem().code == error_code::invalid);
}

TEST_CASE("bytes of any kind decode, are refused, or throw what kj throws") {
  CHECK(rc::check([] {
    auto words = encoded({{any_small()}, any_message()});
    auto bytes = words.asBytes();
    for (int flips = *rc::gen::inRange(1, 8); flips > 0; --flips)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())]
        ^= static_cast<kj::byte>(*rc::gen::inRange(1, 256));
    try {
      (void)decoded(words);
    } catch (const kj::Exception&) {
    }
  }));
}
