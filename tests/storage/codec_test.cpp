#include "storage/log_codec.hpp"
#include "storage/record_codec.hpp"
#include "storage/state_identity.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace present;
using namespace present::storage;

namespace {

template <class Id>
Id any_id() {
  return Id{*rc::gen::arbitrary<typename Id::rep>()};
}

hlc_stamp any_stamp() {
  return {*rc::gen::arbitrary<std::uint64_t>()};
}

std::string any_bytes() {
  return *rc::gen::arbitrary<std::string>();
}

template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> all;
  const auto size = *rc::gen::inRange(0, 6);
  for (int i = 0; i < size; ++i)
    all.push_back(make());
  return all;
}

raft::configuration any_members() {
  return {several(any_id<node_id>), several(any_id<node_id>),
          several(any_id<node_id>), several([] {
            return raft::member_store{any_id<node_id>(), any_id<store_id>()};
          })};
}

value_ptr any_value() {
  return *rc::gen::arbitrary<bool>() ? nullptr
                                     : std::make_shared<const std::string>(any_bytes());
}

step_results any_results() {
  if (*rc::gen::arbitrary<bool>())
    return nullptr;
  return std::make_shared<const std::vector<step_result>>(several([] {
    return step_result{static_cast<error_code>(*rc::gen::inRange(0, 2)), any_stamp(), any_value(),
                       several([] {
                         return result_row{any_bytes(), any_stamp(), any_value()};
                       }),
                       *rc::gen::arbitrary<bool>()};
  }));
}

session_answer any_answer() {
  return {any_id<operation_number>(), any_stamp(),
          static_cast<error_code>(*rc::gen::inRange(0, 24)), any_stamp(),
          *rc::gen::arbitrary<std::uint32_t>(), any_results()};
}

key_name any_name() {
  return {any_id<space_id>(), any_bytes()};
}

partition_share any_share() {
  return {any_id<space_id>(), any_bytes(), any_id<partition_id>()};
}

placement any_placement() {
  return {any_id<partition_id>(), several([] {
            return raft::member_store{any_id<node_id>(), any_id<store_id>()};
          }),
          several(any_id<node_id>), several(any_id<node_id>), any_id<log_index>(),
          several([] { return departure{any_id<node_id>(), any_id<map_epoch>()}; })};
}

key_range any_range() {
  return {any_id<space_id>(), any_bytes(), any_bytes()};
}

intended_write any_write() {
  return {any_name(), *rc::gen::arbitrary<bool>(), any_value()};
}

std::shared_ptr<const other_branch> any_branch() {
  if (*rc::gen::arbitrary<bool>())
    return nullptr;
  return std::make_shared<const other_branch>(other_branch{
    *rc::gen::arbitrary<bool>(), {error_code::ok, ""}, {error_code::invalid, any_bytes()},
    several(any_write), any_results()});
}

std::optional<relied_fence> any_fence() {
  if (*rc::gen::arbitrary<bool>())
    return std::nullopt;
  return relied_fence{any_name(), any_stamp()};
}

lock_record any_lock() {
  lock_record what{any_stamp(), any_stamp(), several([] {
                     return lock_claim{any_id<claim_id>(), *rc::gen::arbitrary<std::uint32_t>(),
                                       any_bytes(), any_value(), any_id<client_id>()};
                   })};
  what.claims.push_back({any_id<claim_id>(), 1000, "last", nullptr});
  return what;
}

space_settings any_settings() {
  space_settings settings;
  settings.conflicts = {static_cast<conflict_strategy>(*rc::gen::inRange(0, 5)), any_bytes(),
                        any_bytes()};
  settings.reach = static_cast<space_reach>(*rc::gen::inRange(0, 2));
  settings.versions_kept = *rc::gen::arbitrary<std::uint32_t>();
  settings.archive_after_ms = *rc::gen::arbitrary<std::uint64_t>();
  settings.schema = any_bytes();
  settings.closes_after_ms = *rc::gen::arbitrary<std::uint64_t>();
  settings.policy = any_bytes();
  return settings;
}

std::optional<authorship> any_author() {
  if (*rc::gen::arbitrary<bool>())
    return std::nullopt;
  return authorship{any_stamp(), *rc::gen::arbitrary<std::uint64_t>()};
}

row any_escalation() {
  return {record_key::escalation(any_id<space_id>(), "key"),
          escalation_record{several([] {
            return escalated_write{any_stamp(), any_bytes(), any_bytes(), any_stamp(),
                                   *rc::gen::arbitrary<bool>(), any_value(), any_author()};
          })}};
}

/// Of what is kept of values and locks beside them.
row any_side_row() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0: {
      value_record was{any_stamp(), *rc::gen::arbitrary<bool>(), any_value(),
                       *rc::gen::arbitrary<bool>()};
      return {record_key::past_value(any_id<space_id>(), "k" + any_bytes(), was.version),
              past_value_record{was}};
    }
    case 1:
      return {record_key::tombstone(any_stamp(), any_id<space_id>(), "k" + any_bytes()),
              tombstone_record{}};
    case 2:
      return any_escalation();
    case 3:
      return {record_key::lock(any_id<space_id>(), "lock"), any_lock()};
    default:
      return {record_key::fence(any_id<space_id>(), "lock"), fence_record{any_stamp()}};
  }
}

row any_row() {
  switch (*rc::gen::inRange(0, 13)) {
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return any_side_row();
    case 5: {
      const auto client = any_id<client_id>();
      const auto number = any_id<operation_number>();
      return {record_key::prepared(client, number),
              prepared_record{client, number, any_name(), any_stamp(), any_stamp(), any_stamp(),
                              several(any_name), several(any_range), several(any_write),
                              any_results(), any_branch(), any_fence()}};
    }
    case 6: {
      const auto client = any_id<client_id>();
      const auto number = any_id<operation_number>();
      return {record_key::decision(client, number),
              decision_record{client, number, *rc::gen::arbitrary<bool>(), any_stamp(),
                              any_stamp(), several(any_name), *rc::gen::arbitrary<bool>()}};
    }
    case 0:
      return {record_key::partition(),
              partition_record{any_stamp(), any_stamp(), any_id<map_epoch>(),
                               *rc::gen::arbitrary<std::uint32_t>(),
                               *rc::gen::arbitrary<std::uint64_t>(),
                               several(any_range), several(any_id<space_id>), any_stamp(),
                               several([] {
                                 return owned_space{any_id<space_id>(), any_settings()};
                               })}};
    case 1: {
      const auto id = any_id<space_id>();
      const auto settings = any_settings();
      return {record_key::space(id),
              space_record{id, any_bytes(), settings, any_stamp()}};
    }
    case 2: {
      const auto id = any_id<node_id>();
      return {record_key::node(id),
              node_record{id, any_id<store_id>(),
                          static_cast<node_state>(*rc::gen::inRange(1, 4)),
                          any_bytes(), any_bytes(), any_stamp()}};
    }
    case 3:
      return {record_key::partition_map(),
              partition_map_record{any_id<map_epoch>(), any_bytes(), several(any_share),
                                   several(any_placement), any_id<space_id>()}};
    case 4: {
      const auto id = any_id<client_id>();
      return {record_key::session(id),
              session_record{id, any_bytes(), any_id<operation_number>(),
                             any_stamp(), several(any_answer),
                             *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<bool>()}};
    }
    default:
      return {record_key::value(any_id<space_id>(), "key"),
              value_record{any_stamp(), *rc::gen::arbitrary<bool>(),
                           std::make_shared<const std::string>(any_bytes()), false, any_author()}};
  }
}

raft::entry any_entry() {
  raft::entry entry{any_id<term>(), any_id<log_index>(),
                    static_cast<raft::entry_kind>(*rc::gen::inRange(0, 3))};
  if (entry.kind == raft::entry_kind::command)
    entry.payload = std::make_shared<const std::string>(any_bytes());
  if (entry.kind == raft::entry_kind::configuration)
    entry.members = std::make_shared<const raft::configuration>(any_members());
  return entry;
}

std::string encode_entry(const raft::entry& entry) {
  return encode_entry_head(entry) + std::string{body_of(entry)};
}

} // namespace

TEST_CASE("any record is read back as it was written") {
  CHECK(rc::check([] {
    const auto [key, what] = any_row();
    const auto read = decode_record(key, encode_record(what));
    RC_ASSERT(bool(read));
    RC_ASSERT(*read == what);
  }));
}

TEST_CASE("any part of a log is read back as it was written") {
  CHECK(rc::check([] {
    const auto entry = any_entry();
    const auto read = decode_entry(entry.index, encode_entry(entry));
    RC_ASSERT(bool(read));
    RC_ASSERT(read->at_term == entry.at_term && read->index == entry.index);
    RC_ASSERT(read->kind == entry.kind);
    RC_ASSERT(bool(read->payload) == bool(entry.payload));
    if (entry.payload)
      RC_ASSERT(*read->payload == *entry.payload);
    if (entry.members)
      RC_ASSERT(*read->members == *entry.members);

    const raft::snapshot_mark mark{any_id<log_index>(), any_id<term>(),
                                   any_members()};
    RC_ASSERT(*decode_mark(encode_mark(mark)) == mark);
    const stored_hard_state hard{{any_id<term>(), any_id<node_id>()},
                                 {any_id<log_index>(), any_id<term>()},
                                 {any_id<log_index>(), any_id<term>()}};
    RC_ASSERT(*decode_hard_state(encode_hard_state(hard)) == hard);
    const std::vector<raft::witnessed> peers{
      {any_id<node_id>(), any_id<store_id>(), 7, 8, any_id<term>(),
       {any_id<log_index>(), any_id<term>()}},
      {any_id<node_id>(), any_id<store_id>()}};
    RC_ASSERT(*decode_witnesses(encode_witnesses(peers)) == peers);
    const store_identity who{any_bytes(), any_id<node_id>(),
                             any_id<store_id>(), 7};
    RC_ASSERT(decode_identity(encode_identity({3, who}))->who == who);
    const state_identity whose{any_bytes(), any_id<partition_id>(),
                               any_id<store_id>()};
    RC_ASSERT(decode_state_identity(encode_state_identity({3, whose}))->whose
              == whose);
  }));
}

TEST_CASE("the largest values and entries are read back") {
  const auto large = std::make_shared<const std::string>(bounds::max_value, 'x');
  const record value = value_record{{1}, false, large};
  const auto key = record_key::value({1}, "k");
  CHECK(*decode_record(key, encode_record(value)) == value);
  const auto payload
    = std::make_shared<const std::string>(bounds::max_entry, 'y');
  const raft::entry entry{{1}, {2}, raft::entry_kind::command, payload};
  CHECK(*decode_entry({2}, encode_entry(entry))->payload == *payload);
}

TEST_CASE("bytes of anything are an error or a record, never a crash") {
  CHECK(rc::check([] {
    const auto sound = any_row();
    auto bytes = encode_record(sound.what);
    const auto flips = *rc::gen::inRange(1, 8);
    for (int i = 0; i < flips; ++i) {
      const auto size = static_cast<int>(bytes.size());
      bytes[static_cast<std::size_t>(*rc::gen::inRange(0, size))]
        = *rc::gen::arbitrary<char>();
    }
    const auto read = decode_record(any_row().key, bytes);
    if (!read)
      RC_ASSERT(read.problem().code == error_code::damaged);
    bytes.resize(static_cast<std::size_t>(
      *rc::gen::inRange(0, static_cast<int>(bytes.size()))));
    (void)decode_record(sound.key, bytes);
  }));
}

TEST_CASE("a number outside its closed list is damaged, not guessed") {
  space_record space;
  space.settings.reach = static_cast<space_reach>(9);
  const auto read = decode_space({1}, encode_space(space));
  REQUIRE_FALSE(read);
  CHECK(read.problem().message == "reach 9 is unknown to this program");
}
