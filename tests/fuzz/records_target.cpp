#include "storage/crdt/crdt_codec.hpp"
#include "storage/key_codec.hpp"
#include "storage/record_codec.hpp"
#include "storage/state_identity.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

/// What a state holds: a key and its record, and what stands beside the rows.

using namespace present;
using namespace present::storage;
using namespace present::fuzz;

namespace {

enum kind : unsigned {
  row_of_state,
  digest_of_state,
  identity,
  wrapped,
  salt,
  crdt_value,
  kinds
};

/// A byte with the key's length, the key, the record.
std::string row_input(const record_key& key, const record& what) {
  return chosen(row_of_state, chosen(static_cast<unsigned>(key.bytes().size()), key.bytes())
                                + encode_record(what));
}

void read_row(std::string_view bytes) {
  if (bytes.empty())
    return;
  const auto length
    = std::min<std::size_t>(static_cast<std::uint8_t>(bytes.front()), bytes.size() - 1);
  const auto key = record_key::parse(bytes.substr(1, length));
  if (!key)
    return;
  must(key->bytes() == bytes.substr(1, length), "a key that is read is kept as it is");
  must(*key < key->successor(), "a key is below its successor");
  // Memory of its own: codecs read words in place where they stand at even addresses.
  const std::vector<char> record_bytes(bytes.begin() + 1 + static_cast<long>(length),
                                       bytes.end());
  must_go_round({record_bytes.data(), record_bytes.size()},
                [&](std::string_view from) { return decode_record(*key, from); },
                encode_record);
}

/// What is read has one form only, and joined with itself stays as it is.
void read_crdt(std::string_view bytes) {
  const auto value = crdt::decode_crdt(bytes);
  if (!value)
    return must_explain(value.problem());
  must(crdt::encode_crdt(*value) == bytes, "a value has one form in bytes");
  const auto twice = crdt::join_encoded(bytes, bytes);
  must(twice && *twice == bytes, "a value joined with itself is the same");
}

crdt::or_map one_crdt_map() {
  crdt::or_map map;
  map.join(map.write({1}, "name", "Ann"));
  map.join(map.insert({2}, "tags", "new"));
  map.join(map.insert({1}, "tags", "hot"));
  map.join(map.erase("tags", "new"));
  return map;
}

prepared_record one_prepared() {
  prepared_record what;
  what.client = {7};
  what.number = {1};
  what.home = {{1}, "home"};
  what.reads = {{{1}, "read"}};
  what.writes = {{{{1}, "key"}, false, std::make_shared<const std::string>("v")}};
  what.fence = relied_fence{{{2}, "lock"}, {5}};
  return what;
}

partition_map_record one_map() {
  partition_map_record map;
  map.epoch = {4};
  map.cluster = "0123456789ab";
  map.shares = {{{1}, "", {1}}, {{1}, "m", {2}}};
  map.placements = {{{0}, {{{1}, {7}}}, {{1}, {2}}, {{1}}, {9}}};
  map.next_space = {2};
  return map;
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  space_record space;
  space.id = {1};
  space.name = "orders";
  space.settings.schema = "order";
  const node_record node{{2}, {7}, node_state::draining, "127.0.0.1:1", "127.0.0.1:2", {9}};
  const session_record session{{77}, "me", {2}, {3}, {{{4}, {5}}, {{5}, {6}}}};
  const auto value = std::make_shared<const std::string>("some value");
  const partition_record partition{{9}, {8}, {2}, 1, 1, {{{1}, "a", "m"}}, {{2}}};
  return {
    row_input(record_key::partition(), partition),
    row_input(record_key::space({1}), space),
    row_input(record_key::node({2}), node),
    row_input(record_key::partition_map(), one_map()),
    row_input(record_key::session({77}), session),
    row_input(record_key::value({1}, "key"), value_record{{5}, false, value}),
    row_input(record_key::prepared({7}, {1}), one_prepared()),
    row_input(record_key::value({1}, ""), value_record{{6}, true, nullptr}),
    row_input(record_key::value({1}, "k"), value_record{{5}, false, value, false, authorship{{4}, 2}}),
    row_input(record_key::escalation({1}, "k"),
              escalation_record{{{{5}, "on-call", "why", {4}, false, value, authorship{{4}, 2}}}}),
    chosen(digest_of_state, encode_state_digest({})),
    chosen(identity, encode_state_identity({1, {"0123456789ab", {3}, {7}}})),
    chosen(wrapped, encode_wrapped_key({})),
    chosen(salt, encode_salt(std::string(16, 's'))),
    chosen(crdt_value, crdt::encode_crdt(crdt::pn_counter{{{{{1}, 5}}}, {{{{2}, 3}}}})),
    chosen(crdt_value, crdt::encode_crdt(crdt::lww_register::write({9}, {1}, "v"))),
    chosen(crdt_value, crdt::encode_crdt(crdt::mv_register{}.write({1}, "v"))),
    chosen(crdt_value, crdt::encode_crdt(crdt::or_set{}.insert({3}, "member"))),
    chosen(crdt_value, crdt::encode_crdt(one_crdt_map())),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  const auto bytes = given.rest();
  switch (given.choice_of(kinds)) {
    case row_of_state:
      read_row(bytes);
      break;
    case digest_of_state:
      must_go_round(bytes, decode_state_digest, encode_state_digest);
      break;
    case identity:
      must_go_round(bytes, decode_state_identity, encode_state_identity);
      break;
    case wrapped:
      must_go_round(bytes, decode_wrapped_key, encode_wrapped_key);
      break;
    case salt:
      must_go_round(bytes, decode_salt, encode_salt);
      break;
    default:
      read_crdt(bytes);
  }
  return 0;
}
