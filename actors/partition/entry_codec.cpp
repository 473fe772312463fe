#include "actors/partition/entry_codec.hpp"

#include "actors/partition/operation_codec.hpp"
#include "runtime/base/bounds.hpp"

#include "schemas/entry.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>

namespace present {

namespace {

capnp::ReaderOptions reader_limits() {
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = bounds::rpc_traversal_words;
  limits.nestingLimit = bounds::rpc_nesting_depth;
  return limits;
}

result<entry_batch> decode_words(kj::ArrayPtr<const capnp::word> words) {
  capnp::FlatArrayMessageReader message{words, reader_limits()};
  const auto from = message.getRoot<schema::EntryBatch>();
  entry_batch batch;
  batch.machine_version = from.getMachineVersion();
  batch.first_stamp = {from.getFirstStamp()};
  batch.operations.reserve(from.getOperations().size());
  for (const auto what : from.getOperations()) {
    auto asked = decode_operation(what);
    if (!asked)
      return asked.problem();
    batch.operations.push_back(std::move(*asked));
  }
  return batch;
}

} // namespace

bytes_ptr encode_entry(const entry_batch& batch) {
  capnp::MallocMessageBuilder message;
  auto to = message.initRoot<schema::EntryBatch>();
  to.setMachineVersion(batch.machine_version);
  to.setFirstStamp(batch.first_stamp.value);
  auto operations = to.initOperations(static_cast<unsigned>(batch.operations.size()));
  for (unsigned place = 0; place < batch.operations.size(); ++place)
    encode_operation(batch.operations[place], operations[place]);
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  return std::make_shared<const std::string>(
    reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

result<entry_batch> decode_entry(std::string_view bytes) {
  if (bytes.size() % sizeof(capnp::word) != 0)
    return make_error(error_code::damaged, "log entry: not a whole number of words");
  // The bytes come from a string or a map and may be unaligned.
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), bytes.size());
  result<entry_batch> out
    = make_error(error_code::damaged, "log entry: not an entry batch");
  const auto caught = kj::runCatchingExceptions([&] { out = decode_words(words); });
  KJ_IF_MAYBE(broken, caught) {
    return make_error(error_code::damaged, std::string{"log entry: "}
                                             + broken->getDescription().cStr());
  }
  return out;
}

} // namespace present
