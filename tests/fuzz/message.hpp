#pragma once

#include "runtime/base/bounds.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Messages of calls as the network thread reads them: with its limits, and with
/// kj's exceptions, of which RPC makes a refusal, as the answer to bytes that are none.
namespace present::fuzz {

template <class Schema, class Use>
void read_message(std::string_view bytes, Use use) {
  std::vector<capnp::word> words(bytes.size() / sizeof(capnp::word));
  if (!words.empty())
    std::memcpy(words.data(), bytes.data(), words.size() * sizeof(capnp::word));
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = bounds::rpc_traversal_words;
  limits.nestingLimit = bounds::rpc_nesting_depth;
  try {
    capnp::FlatArrayMessageReader message{{words.data(), words.size()}, limits};
    use(message.getRoot<Schema>());
  } catch (const kj::Exception&) {
  }
}

template <class Schema, class Fill>
std::string message_of(Fill fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<Schema>());
  const auto flat = capnp::messageToFlatArray(message);
  const auto bytes = flat.asChars();
  return {bytes.begin(), bytes.size()};
}

} // namespace present::fuzz
