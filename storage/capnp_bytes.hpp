#pragma once

#include "runtime/base/error.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/array.h>
#include <kj/exception.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

/// Cap'n Proto messages as strings: the floor that the codecs stand on. Included
/// by `*_codec.cpp` files only.
namespace present::storage::capnp_bytes {

/// Builds a message with `fill(builder)`. `payload_bytes` is the size of its text
/// and data, so that one segment is enough.
template <class Schema, class Fill>
std::string write(std::size_t payload_bytes, Fill&& fill) {
  constexpr std::size_t small = 64; ///< words; on the stack
  capnp::word scratch[small] = {};
  const auto words = payload_bytes / sizeof(capnp::word) + small;
  // A first segment on the stack where it fits, else one of the right size.
  capnp::MallocMessageBuilder on_stack{kj::arrayPtr(scratch, small)};
  std::unique_ptr<capnp::MallocMessageBuilder> on_heap;
  if (words > 2 * small)
    on_heap = std::make_unique<capnp::MallocMessageBuilder>(
      static_cast<capnp::uint>(words));
  auto& message = on_heap ? *on_heap : on_stack;
  fill(message.template initRoot<Schema>());
  const auto flat = capnp::messageToFlatArray(message);
  const auto bytes = flat.asChars();
  return {bytes.begin(), bytes.size()};
}

/// Reads a message and what follows it with `take(reader, rest) -> result<T>`.
/// Bytes that don't begin with such a message are `damaged`.
template <class Schema, class T, class Take>
result<T> read_head(std::string_view bytes, Take&& take) {
  const auto words = bytes.size() / sizeof(capnp::word);
  kj::Array<capnp::word> aligned;
  const void* start = bytes.data();
  if (reinterpret_cast<std::uintptr_t>(start) % alignof(capnp::word) != 0) {
    aligned = kj::heapArray<capnp::word>(words);
    if (words > 0)
      std::memcpy(aligned.begin(), start, words * sizeof(capnp::word));
    start = aligned.begin();
  }
  const auto* first = static_cast<const capnp::word*>(start);
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = schema::honest_traversal(words);
  try {
    capnp::FlatArrayMessageReader message{kj::arrayPtr(first, words), limits};
    const auto size = static_cast<std::size_t>(message.getEnd() - first)
                      * sizeof(capnp::word);
    return take(message.getRoot<Schema>(), bytes.substr(size));
  } catch (const kj::Exception& broken) {
    return make_error(error_code::damaged, std::string{"not a message: "}
                                             + broken.getDescription().cStr());
  }
}

/// Reads a message that is all of `bytes` with `take(reader) -> result<T>`.
template <class Schema, class T, class Take>
result<T> read(std::string_view bytes, Take&& take) {
  return read_head<Schema, T>(
    bytes, [&](auto in, std::string_view rest) -> result<T> {
      if (!rest.empty())
        return make_error(error_code::damaged,
                          "more than a message: " + std::to_string(rest.size())
                            + " bytes follow it");
      return take(in);
    });
}

using schema::data_of;
using schema::string_of;
using schema::text_of;

/// A number that the closed list does not have.
inline error unknown_number(const char* what, unsigned number) {
  return make_error(error_code::damaged,
                    std::string{what} + " " + std::to_string(number)
                      + " is unknown to this program");
}

} // namespace present::storage::capnp_bytes
