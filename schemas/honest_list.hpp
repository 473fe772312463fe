#pragma once

#include <capnp/any.h>

#include <cstdint>

/// Lists that say any length for no bytes: for codecs.
namespace present::schema {

/// `list`, or nothing if its structs take less than a word each. No encoder writes
/// such; a message of a few bytes can, with millions of them, each of which would be
/// a struct of ours in memory.
template <class List>
List honest(List list) {
  if (list.size() == 0)
    return list;
  const capnp::AnyStruct::Reader first = list[0];
  const bool has_a_word = first.getDataSection().size() >= sizeof(capnp::word)
                          || first.getPointerSection().size() > 0;
  return has_a_word ? list : List{};
}

/// How many words an honest reader goes over in a message of so many: nothing more
/// than a few times. A message that leads a reader around in circles ends there.
constexpr std::uint64_t honest_traversal(std::uint64_t words) {
  return 8 * words + 64;
}

} // namespace present::schema
