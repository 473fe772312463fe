#include "actors/partition/entry_codec.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/partition/locks_codec.hpp"
#include "actors/partition/operation_codec.hpp"
#include "actors/partition/operation_size.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/bounds.hpp"

#include "schemas/entry.capnp.h"
#include "schemas/honest_list.hpp"
#include "storage/space_settings_codec.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace present {

namespace {

capnp::ReaderOptions reader_limits(std::size_t words) {
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords
    = std::min(bounds::rpc_traversal_words, schema::honest_traversal(words));
  limits.nestingLimit = bounds::rpc_nesting_depth;
  return limits;
}

capnp::Data::Reader data_of(const std::string& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

std::string string_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

void encode_share(const adopt_share& from, schema::Share::Builder to) {
  to.setEpoch(from.epoch.value);
  auto owned = to.initOwned(static_cast<unsigned>(from.owned.size()));
  for (unsigned place = 0; place < from.owned.size(); ++place) {
    owned[place].setSpace(from.owned[place].space.value);
    owned[place].setFirst(data_of(from.owned[place].first));
    owned[place].setLast(data_of(from.owned[place].last));
  }
  auto spaces = to.initSpaces(static_cast<unsigned>(from.spaces.size()));
  for (unsigned place = 0; place < from.spaces.size(); ++place) {
    spaces[place].setSpace(from.spaces[place].space.value);
    storage::encode_settings(from.spaces[place].settings, spaces[place].initSettings());
  }
}

result<own_command> decode_share(schema::Share::Reader from) {
  adopt_share share{{from.getEpoch()}, {}};
  for (const auto range : schema::honest(from.getOwned()))
    share.owned.push_back(
      {{range.getSpace()}, string_of(range.getFirst()), string_of(range.getLast())});
  for (const auto space : schema::honest(from.getSpaces())) {
    auto settings = storage::decode_settings(space.getSettings());
    if (!settings)
      return settings.problem();
    share.spaces.push_back({{space.getSpace()}, std::move(*settings)});
  }
  return own_command{std::move(share)};
}

void encode_command(const own_command& from, schema::EntryBatch::Command::Builder to) {
  std::visit(overloaded{
               [&](std::monostate) { to.setNone(); },
               [&](const found_catalog& birth) { encode_map(*birth.map, to.initFound()); },
               [&](const adopt_share& share) { encode_share(share, to.initAdopt()); },
               [&](digest_marker) { to.setMarker(); },
               [&](const expire_claims& gone) { encode_expiry(gone, to); },
             },
             from);
}

result<own_command> decode_command(schema::EntryBatch::Command::Reader from) {
  switch (from.which()) {
    case schema::EntryBatch::Command::NONE:
      return own_command{};
    case schema::EntryBatch::Command::FOUND: {
      auto map = decode_map(from.getFound());
      if (!map)
        return map.problem();
      return own_command{found_catalog{std::make_shared<const cluster_map>(std::move(*map))}};
    }
    case schema::EntryBatch::Command::ADOPT:
      return decode_share(from.getAdopt());
    case schema::EntryBatch::Command::MARKER:
      return own_command{digest_marker{}};
    case schema::EntryBatch::Command::EXPIRE:
      return own_command{decode_expiry(from)};
  }
  return make_error(error_code::damaged,
                    "log entry: a command that this program doesn't know");
}

result<entry_batch> decode_words(kj::ArrayPtr<const capnp::word> words) {
  capnp::FlatArrayMessageReader message{words, reader_limits(words.size())};
  const auto from = message.getRoot<schema::EntryBatch>();
  entry_batch batch;
  batch.machine_version = from.getMachineVersion();
  batch.first_stamp = {from.getFirstStamp()};
  auto command = decode_command(from.getCommand());
  if (!command)
    return command.problem();
  batch.command = std::move(*command);
  const auto operations = from.getOperations();
  // A list of empty structs takes no bytes, however long it says it is.
  if (operations.size() > bounds::max_entry_operations)
    return make_error(error_code::damaged,
                      "log entry: " + std::to_string(operations.size())
                        + " operations; the limit is "
                        + std::to_string(bounds::max_entry_operations));
  batch.operations.reserve(operations.size());
  for (const auto what : operations) {
    auto asked = decode_operation(what);
    if (!asked)
      return asked.problem();
    batch.operations.push_back(std::move(*asked));
  }
  return batch;
}

/// Room for the whole message in its first segment: pointers and fields of an
/// operation take about 20 words.
unsigned expected_words(const entry_batch& batch) {
  std::size_t bytes = 0;
  for (const auto& asked : batch.operations)
    bytes += encoded_bytes(asked);
  return static_cast<unsigned>(16 + 12 * batch.operations.size()
                               + bytes / sizeof(capnp::word));
}

/// Bytes of a string or a map may stand at an odd address, and Cap'n Proto reads
/// words: nearly always they stand well, and aren't copied.
result<entry_batch> decode_bytes(std::string_view bytes) {
  const auto count = bytes.size() / sizeof(capnp::word);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(capnp::word) == 0)
    return decode_words({reinterpret_cast<const capnp::word*>(bytes.data()), count});
  auto words = kj::heapArray<capnp::word>(count);
  if (count > 0)
    std::memcpy(words.begin(), bytes.data(), bytes.size());
  return decode_words(words);
}

} // namespace

bytes_ptr encode_entry(const entry_batch& batch) {
  capnp::MallocMessageBuilder message{expected_words(batch)};
  auto to = message.initRoot<schema::EntryBatch>();
  to.setMachineVersion(batch.machine_version);
  to.setFirstStamp(batch.first_stamp.value);
  encode_command(batch.command, to.getCommand());
  auto operations = to.initOperations(static_cast<unsigned>(batch.operations.size()));
  for (unsigned place = 0; place < batch.operations.size(); ++place)
    encode_operation(batch.operations[place], operations[place]);
  auto bytes = std::make_shared<std::string>(
    capnp::computeSerializedSizeInWords(message) * sizeof(capnp::word), '\0');
  kj::ArrayOutputStream out{
    {reinterpret_cast<kj::byte*>(bytes->data()), bytes->size()}};
  capnp::writeMessage(out, message);
  return bytes;
}

result<entry_batch> decode_entry(std::string_view bytes) {
  if (bytes.size() % sizeof(capnp::word) != 0)
    return make_error(error_code::damaged, "log entry: not a whole number of words");
  result<entry_batch> out
    = make_error(error_code::damaged, "log entry: not an entry batch");
  const auto caught = kj::runCatchingExceptions([&] { out = decode_bytes(bytes); });
  KJ_IF_MAYBE(broken, caught) {
    return make_error(error_code::damaged, std::string{"log entry: "}
                                             + broken->getDescription().cStr());
  }
  return out;
}

} // namespace present
