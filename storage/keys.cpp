#include "storage/keys.hpp"

#include "runtime/base/check.hpp"

#include <array>

namespace present::storage {

namespace {

template <class Int>
void append_big_endian(std::string& out, Int number) {
  for (int shift = 8 * (static_cast<int>(sizeof(Int)) - 1); shift >= 0;
       shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

/// `bytes` has at least the size of `Int` from `at` on.
template <class Int>
Int read_big_endian(std::string_view bytes, std::size_t at) {
  Int number = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i)
    number = static_cast<Int>(number << 8 | static_cast<unsigned char>(bytes[at + i]));
  return number;
}

std::string kind_only(record_kind kind) {
  return std::string(1, static_cast<char>(kind));
}

template <class Id>
std::string numbered(record_kind kind, Id id) {
  std::string bytes = kind_only(kind);
  append_big_endian(bytes, id.value);
  return bytes;
}

std::string of_transaction(record_kind kind, client_id client, operation_number number) {
  auto bytes = numbered(kind, client);
  append_big_endian(bytes, number.value);
  return bytes;
}

std::string named(record_kind kind, space_id space, std::string_view key) {
  check(key.size() <= bounds::max_key + 1, "K1: a key beyond its bound");
  std::string bytes;
  bytes.reserve(record_prefix + key.size());
  bytes.push_back(static_cast<char>(kind));
  append_big_endian(bytes, space.value);
  bytes.append(key);
  return bytes;
}

/// The lowest string above all that start with `prefix`; empty if all its bytes
/// are 0xff.
std::string above_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff')
    prefix.pop_back();
  if (!prefix.empty())
    ++prefix.back();
  return prefix;
}

/// Bytes that follow the kind, or none where the length varies.
std::optional<std::size_t> fixed_size(record_kind kind) {
  switch (kind) {
    case record_kind::partition:
    case record_kind::partition_map:
      return 0;
    case record_kind::space:
    case record_kind::node:
      return 4;
    case record_kind::session:
      return 8;
    case record_kind::prepared:
    case record_kind::decision:
      return 16;
    case record_kind::value:
    case record_kind::past_value:
    case record_kind::tombstone:
    case record_kind::lock:
    case record_kind::fence:
    case record_kind::escalation:
      break;
  }
  return std::nullopt;
}

} // namespace

record_key record_key::partition() {
  return record_key{kind_only(record_kind::partition)};
}

record_key record_key::space(space_id id) {
  return record_key{numbered(record_kind::space, id)};
}

record_key record_key::node(node_id id) {
  return record_key{numbered(record_kind::node, id)};
}

record_key record_key::partition_map() {
  return record_key{kind_only(record_kind::partition_map)};
}

record_key record_key::session(client_id id) {
  return record_key{numbered(record_kind::session, id)};
}

record_key record_key::value(space_id space, std::string_view key) {
  return record_key{named(record_kind::value, space, key)};
}

record_key record_key::lock(space_id space, std::string_view key) {
  return record_key{named(record_kind::lock, space, key)};
}

record_key record_key::fence(space_id space, std::string_view key) {
  return record_key{named(record_kind::fence, space, key)};
}

record_key record_key::escalation(space_id space, std::string_view key) {
  return record_key{named(record_kind::escalation, space, key)};
}

record_key record_key::prepared(client_id client, operation_number number) {
  return record_key{of_transaction(record_kind::prepared, client, number)};
}

record_key record_key::decision(client_id client, operation_number number) {
  return record_key{of_transaction(record_kind::decision, client, number)};
}

namespace {

/// Before the version of a past value, which is 8 bytes at the end.
std::string past_of_key(space_id space, std::string_view key) {
  check(key.size() <= bounds::max_key + 1, "K1: a key beyond its bound");
  auto bytes = numbered(record_kind::past_value, space);
  append_big_endian(bytes, static_cast<std::uint16_t>(key.size()));
  bytes.append(key);
  return bytes;
}

constexpr std::size_t past_prefix = record_prefix + sizeof(std::uint16_t);
constexpr std::size_t version_size = 8;

/// Of a past value the length has to be that of its key; nobody's key is empty.
bool is_whole(record_kind kind, std::string_view bytes) {
  switch (kind) {
    case record_kind::past_value:
      return bytes.size() > past_prefix + version_size
             && bytes.size()
                  == past_prefix + read_big_endian<std::uint16_t>(bytes, record_prefix) + version_size;
    case record_kind::tombstone:
      return bytes.size() > tombstone_prefix;
    default:
      return bytes.size() >= record_prefix;
  }
}

} // namespace

record_key record_key::past_value(space_id space, std::string_view key, hlc_stamp version) {
  auto bytes = past_of_key(space, key);
  append_big_endian(bytes, ~version.value);
  return record_key{std::move(bytes)};
}

record_key record_key::end_of_past(space_id space, std::string_view key) {
  return record_key{above_prefix(past_of_key(space, key))};
}

record_key record_key::start_of_past(space_id space) {
  return record_key{numbered(record_kind::past_value, space)};
}

record_key record_key::end_of_past(space_id space) {
  return record_key{above_prefix(numbered(record_kind::past_value, space))};
}

record_key record_key::tombstone(hlc_stamp version, space_id space, std::string_view key) {
  check(key.size() <= bounds::max_key + 1, "K1: a key beyond its bound");
  auto bytes = kind_only(record_kind::tombstone);
  append_big_endian(bytes, version.value);
  append_big_endian(bytes, space.value);
  bytes.append(key);
  return record_key{std::move(bytes)};
}

record_key record_key::start_of(record_kind kind) {
  return record_key{kind_only(kind)};
}

record_key record_key::end_of(record_kind kind) {
  return record_key{above_prefix(kind_only(kind))};
}

record_key record_key::end_of(space_id space) {
  return record_key{above_prefix(numbered(record_kind::value, space))};
}

record_key record_key::end_of_escalations(space_id space) {
  return record_key{above_prefix(numbered(record_kind::escalation, space))};
}

record_key record_key::end_of(space_id space, std::string_view prefix) {
  return record_key{above_prefix(value(space, prefix).bytes_)};
}

record_key record_key::successor() const {
  check(bytes_.size() < max_stored_key, "K1: no room for a key's successor");
  return record_key{bytes_ + '\0'};
}

std::optional<record_key> record_key::parse(std::string_view bytes) {
  if (bytes.empty())
    return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes.front());
  if (first < static_cast<std::uint8_t>(record_kind::partition)
      || first > static_cast<std::uint8_t>(last_record_kind))
    return std::nullopt;
  const auto rest = bytes.size() - 1;
  if (const auto wanted = fixed_size(static_cast<record_kind>(first))) {
    if (rest != *wanted)
      return std::nullopt;
  } else if (bytes.size() > max_stored_key
             || !is_whole(static_cast<record_kind>(first), bytes)) {
    return std::nullopt;
  }
  return record_key{std::string{bytes}};
}

record_kind record_key::kind() const {
  check(!bytes_.empty(), "K2: the lowest key has no kind");
  return static_cast<record_kind>(bytes_.front());
}

space_id record_key::space() const {
  check(bytes_.size() >= record_prefix, "K2: a key without a space");
  const bool is_mark = kind() == record_kind::tombstone;
  return {read_big_endian<space_id::rep>(bytes_, is_mark ? 1 + version_size : 1)};
}

node_id record_key::node() const {
  check(bytes_.size() == 1 + sizeof(node_id::rep), "K2: a key without a node");
  return {read_big_endian<node_id::rep>(bytes_, 1)};
}

client_id record_key::client() const {
  check(kind() == record_kind::session || kind() == record_kind::prepared
          || kind() == record_kind::decision,
        "K2: a key without a client");
  return {read_big_endian<client_id::rep>(bytes_, 1)};
}

operation_number record_key::number() const {
  check(kind() == record_kind::prepared || kind() == record_kind::decision,
        "K2: a key without an operation's number");
  return {read_big_endian<operation_number::rep>(bytes_, 1 + sizeof(client_id::rep))};
}

hlc_stamp record_key::version() const {
  check(kind() == record_kind::past_value || kind() == record_kind::tombstone,
        "K2: a key without a version");
  if (kind() == record_kind::tombstone)
    return {read_big_endian<std::uint64_t>(bytes_, 1)};
  return {~read_big_endian<std::uint64_t>(bytes_, bytes_.size() - version_size)};
}

std::string_view record_key::user_key() const {
  check(bytes_.size() >= record_prefix, "K2: a key that no user named");
  return std::string_view{bytes_}.substr(kind() == record_kind::tombstone ? tombstone_prefix
                                                                          : record_prefix);
}

namespace {

std::string journal_key(journal_kind kind) {
  return std::string(1, static_cast<char>(kind));
}

std::string journal_key(journal_kind kind, partition_id partition) {
  std::string bytes = journal_key(kind);
  append_big_endian(bytes, partition.value);
  return bytes;
}

constexpr std::size_t partition_key_size = 1 + sizeof(partition_id::rep);
constexpr std::size_t entry_key_size
  = partition_key_size + sizeof(log_index::rep);

} // namespace

namespace journal_keys {

std::string identity() {
  return journal_key(journal_kind::identity);
}

std::string hard_state(partition_id partition) {
  return journal_key(journal_kind::hard_state, partition);
}

std::string snapshot(partition_id partition) {
  return journal_key(journal_kind::snapshot, partition);
}

std::string entry(partition_id partition, log_index index) {
  std::string bytes = journal_key(journal_kind::entry, partition);
  append_big_endian(bytes, index.value);
  return bytes;
}

std::string map() {
  return journal_key(journal_kind::map);
}

std::string witnesses(partition_id partition) {
  return journal_key(journal_kind::witnesses, partition);
}

std::optional<log_index> index_of(std::string_view key,
                                  partition_id partition) {
  if (key.size() != entry_key_size
      || !key.starts_with(journal_key(journal_kind::entry, partition)))
    return std::nullopt;
  return log_index{read_big_endian<log_index::rep>(key, partition_key_size)};
}

std::optional<partition_id> partition_of(std::string_view key) {
  if (key.size() != partition_key_size
      || !key.starts_with(journal_key(journal_kind::hard_state)))
    return std::nullopt;
  return partition_id{read_big_endian<partition_id::rep>(key, 1)};
}

std::optional<partition_id> partition_of_entry(std::string_view key) {
  if (key.size() != partition_key_size + sizeof(log_index::rep)
      || !key.starts_with(journal_key(journal_kind::entry)))
    return std::nullopt;
  return partition_id{read_big_endian<partition_id::rep>(key, 1)};
}

} // namespace journal_keys

namespace state_keys {

std::string identity() {
  return {'\0', '\0'};
}

std::string applied() {
  return {'\0', '\1'};
}

std::string digest() {
  return {'\0', '\2'};
}

} // namespace state_keys

namespace environment_keys {

namespace {
constexpr std::string_view opening_prefix{"\0\xf1", 2};
} // namespace

std::string commit_number() {
  return {'\0', '\xff'};
}

std::string data_key() {
  return {'\0', '\xf0'};
}

std::string opening(std::uint32_t number) {
  std::string bytes{opening_prefix};
  append_big_endian(bytes, number);
  return bytes;
}

std::optional<std::uint32_t> opening_of(std::string_view key) {
  if (key.size() != opening_prefix.size() + sizeof(std::uint32_t)
      || !key.starts_with(opening_prefix))
    return std::nullopt;
  return read_big_endian<std::uint32_t>(key, opening_prefix.size());
}

} // namespace environment_keys

} // namespace present::storage
