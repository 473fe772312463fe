#include "storage/digest.hpp"

#include <bit>
#include <cstring>

namespace present::storage {

namespace {

// Odd, half of their bits set, and without pattern: the first digits of pi's
// and e's fractions.
constexpr std::uint64_t first_salt = 0x243f6a8885a308d3;
constexpr std::uint64_t second_salt = 0x13198a2e03707345;
constexpr std::uint64_t third_salt = 0xb7e151628aed2a6b;

__extension__ using wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product)
         ^ static_cast<std::uint64_t>(product >> 64);
}

static_assert(std::endian::native == std::endian::little,
              "stored hashes are those of little-endian words");

std::uint64_t word(const char* at, std::size_t bytes = 8) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}

/// Fields one after the other.
class field_hash {
public:
  explicit field_hash(std::uint64_t seed) : state_(seed) {}

  field_hash& operator<<(std::uint64_t field) {
    state_ = fold(field ^ first_salt, state_ ^ second_salt)
             ^ std::rotl(state_, 29);
    return *this;
  }
  template <class Tag, class Rep>
  field_hash& operator<<(strong_id<Tag, Rep> field) {
    return *this << std::uint64_t{field.value};
  }
  field_hash& operator<<(hlc_stamp field) { return *this << field.value; }
  field_hash& operator<<(std::string_view field) {
    return *this << hash_bytes(field, state_);
  }
  std::uint64_t value() const { return fold(state_ ^ third_salt, second_salt); }

private:
  std::uint64_t state_;
};

void hash_settings(field_hash& hash, const space_settings& what) {
  hash << static_cast<std::uint64_t>(what.conflicts.how)
       << static_cast<std::uint64_t>(what.reach) << what.versions_kept
       << what.archive_after_ms << what.schema;
  // Rows that were written before these were there add up as they did.
  const space_settings defaults;
  if (what.conflicts.merging != defaults.conflicts.merging
      || what.conflicts.escalation != defaults.conflicts.escalation
      || what.closes_after_ms != defaults.closes_after_ms || what.policy != defaults.policy)
    hash << what.conflicts.merging << what.conflicts.escalation << what.closes_after_ms
         << what.policy;
}

void hash_fields(field_hash& hash, const partition_record& what) {
  hash << what.latest << what.closed << what.epoch << what.machine_version
       << what.sessions << what.owned.size();
  for (const auto& range : what.owned)
    hash << range.space << range.first << range.last;
  hash << what.leaving.size();
  for (const auto space : what.leaving)
    hash << space;
  if (what.collected.value != 0)
    hash << what.collected;
  for (const auto& each : what.spaces) {
    hash << each.space;
    hash_settings(hash, each.settings);
  }
}

void hash_fields(field_hash& hash, const space_record& what) {
  hash << what.name << what.version;
  hash_settings(hash, what.settings);
}

void hash_fields(field_hash& hash, const node_record& what) {
  hash << what.store << static_cast<std::uint64_t>(what.state)
       << what.rpc_address << what.http_address << what.version;
}

void hash_nodes(field_hash& hash, const std::vector<node_id>& nodes) {
  hash << nodes.size();
  for (const auto node : nodes)
    hash << node;
}

void hash_fields(field_hash& hash, const partition_map_record& what) {
  hash << what.epoch << what.cluster << what.next_space << what.shares.size();
  for (const auto& share : what.shares)
    hash << share.space << share.first_key << share.partition;
  for (const auto& group : what.placements) {
    hash << group.partition << group.members_index << group.founders.size();
    for (const auto& founder : group.founders)
      hash << founder.node << founder.store;
    hash_nodes(hash, group.wanted);
    hash_nodes(hash, group.members);
    // Maps that were written before there were any add up as they did.
    if (!group.departures.empty())
      hash << group.departures.size();
    for (const auto& gone : group.departures)
      hash << gone.node << gone.since;
  }
}

void hash_results(field_hash& hash, const step_results& what) {
  // Rows that were written before there were transactions add up as they did.
  if (!what)
    return;
  hash << what->size() + 1;
  for (const auto& each : *what) {
    hash << static_cast<std::uint64_t>(each.code) << each.version
         << (each.value ? 1 : 0) << (each.value ? std::string_view{*each.value} : "")
         << each.more << each.rows.size();
    for (const auto& row : each.rows)
      hash << row.key << row.version << (row.value ? 1 : 0)
           << (row.value ? std::string_view{*row.value} : "");
  }
}

void hash_fields(field_hash& hash, const session_record& what) {
  hash << what.identity << what.acked_below << what.live_until
       << what.fingerprint << what.answers.size();
  for (const auto& answer : what.answers)
    hash << answer.number << answer.retry_until
         << static_cast<std::uint64_t>(answer.code) << answer.version
         << answer.flags;
  for (const auto& answer : what.answers)
    hash_results(hash, answer.steps);
  if (what.ended) // else as before there were ends
    hash << what.ended;
}

void hash_fields(field_hash& hash, const value_record& what) {
  hash << what.version << what.tombstone << what.view();
  if (what.is_first)
    hash << what.is_first;
  if (what.at)
    hash << what.at->stamp << what.at->origin;
}

void hash_fields(field_hash& hash, const past_value_record& what) {
  hash_fields(hash, what.was);
}

void hash_fields(field_hash& hash, const tombstone_record&) {
  hash << 1;
}

void hash_fields(field_hash& hash, const escalation_record& what) {
  for (const auto& each : what.writes)
    hash << each.stamp << each.path << each.reason << each.current << each.tombstone
         << (each.bytes ? std::string_view{*each.bytes} : "") << (each.at ? 1 : 0)
         << each.at.value_or(authorship{}).stamp << each.at.value_or(authorship{}).origin;
}

void hash_writes(field_hash& hash, const std::vector<intended_write>& writes) {
  hash << writes.size();
  for (const auto& write : writes)
    hash << write.where.space << write.where.key << write.tombstone
         << (write.bytes ? std::string_view{*write.bytes} : "");
}

void hash_fields(field_hash& hash, const prepared_record& what) {
  hash << what.home.space << what.home.key << what.start << what.deadline << what.stamp
       << what.reads.size();
  for (const auto& read : what.reads)
    hash << read.space << read.key;
  hash << what.ranges.size();
  for (const auto& range : what.ranges)
    hash << range.space << range.first << range.last;
  hash_writes(hash, what.writes);
  hash_results(hash, what.steps);
  if (what.fence)
    hash << what.fence->lock.space << what.fence->lock.key << what.fence->token;
  if (!what.otherwise)
    return;
  const auto& other = *what.otherwise;
  hash << other.is_certain;
  for (const auto* problem : {&other.of_first, &other.of_this})
    hash << static_cast<std::uint64_t>(problem->code) << problem->message;
  hash_writes(hash, other.writes);
  hash_results(hash, other.steps);
}

void hash_fields(field_hash& hash, const decision_record& what) {
  hash << what.committed << what.stamp << what.deadline << what.waiting.size();
  for (const auto& each : what.waiting)
    hash << each.space << each.key;
  if (what.otherwise)
    hash << what.otherwise;
}

void hash_fields(field_hash& hash, const lock_record& what) {
  hash << what.token << what.version << what.claims.size();
  for (const auto& each : what.claims)
    hash << each.claim << std::uint64_t{each.lease_ms} << each.owner << (each.value ? 1 : 0)
         << (each.value ? std::string_view{*each.value} : "");
  for (const auto& each : what.claims)
    if (each.session.value != 0)
      hash << each.claim << each.session;
}

void hash_fields(field_hash& hash, const fence_record& what) {
  hash << what.token;
}

} // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t state = fold(seed ^ first_salt, bytes.size() ^ second_salt);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16)
    state = fold(word(at) ^ first_salt ^ state, word(at + 8) ^ second_salt)
            ^ std::rotl(state, 29);
  // Each remainder has its own length in `state` already, so zero padding makes
  // no two inputs equal.
  const std::uint64_t low = left >= 8 ? word(at) : (left ? word(at, left) : 0);
  const std::uint64_t high = left > 8 ? word(at + 8, left - 8) : 0;
  state = fold(low ^ third_salt ^ state, high ^ first_salt);
  return fold(state ^ third_salt, second_salt);
}

std::uint64_t digest_of(const record_key& key, const record& what) {
  field_hash hash{hash_bytes(key.bytes())};
  std::visit([&](const auto& fields) { hash_fields(hash, fields); }, what);
  return hash.value();
}

std::uint16_t state_digest::bucket_of(const record_key& key) {
  static_assert(buckets == 256);
  return static_cast<std::uint16_t>(hash_bytes(key.bytes()) >> 56);
}

void state_digest::change(const record_key& key,
                          std::optional<std::uint64_t> before,
                          std::optional<std::uint64_t> after) {
  auto& bucket = all_[bucket_of(key)];
  if (before)
    bucket.remove(*before);
  if (after)
    bucket.add(*after);
}

bucket_digest state_digest::total() const {
  bucket_digest sum;
  for (const auto& bucket : all_) {
    sum.sum += bucket.sum;
    sum.count += bucket.count;
  }
  return sum;
}

std::vector<std::uint16_t>
state_digest::differing(const state_digest& other) const {
  std::vector<std::uint16_t> found;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket)
    if (all_[bucket] != other.all_[bucket])
      found.push_back(static_cast<std::uint16_t>(bucket));
  return found;
}

} // namespace present::storage
