#pragma once

#include "actors/watch/watch.hpp"

#include "schemas/operation.capnp.h"

/// Watches and what they are told, between their plain structs and
/// schemas/operation.capnp.
namespace present {

void encode_watch(const watch& from, schema::Watch::Builder to);
watch decode_watch(schema::Watch::Reader from);

void encode_page(const watched_page& from, schema::WatchedPage::Builder to);
std::shared_ptr<const watched_page> decode_page(schema::WatchedPage::Reader from);

/// Words that a page takes on the wire: a hint.
std::uint64_t words_of(const watched_page& page);

} // namespace present
