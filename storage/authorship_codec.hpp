#pragma once

#include "schemas/record.capnp.h"
#include "storage/conflict_rules.hpp"

#include <optional>

/// The field `at` of what has one: no pointer, no authorship. Included by `*_codec.cpp`.
namespace present::storage {

template <class Builder>
void encode_authorship(const std::optional<authorship>& from, Builder to) {
  if (!from)
    return;
  auto at = to.initAt();
  at.setStamp(from->stamp.value);
  at.setOrigin(from->origin);
}

template <class Reader>
std::optional<authorship> decode_authorship(Reader from) {
  if (!from.hasAt())
    return std::nullopt;
  return authorship{{from.getAt().getStamp()}, from.getAt().getOrigin()};
}

} // namespace present::storage
