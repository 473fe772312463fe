#pragma once

#include "runtime/base/error.hpp"

#include <capnp/schema.capnp.h>
#include <capnp/schema.h>

#include <string>
#include <string_view>

/// Cap'n Proto schemas of values as bytes, and what Cap'n Proto itself says of two of them.
namespace present::conflict {

/// A struct's schema as it travels: `capnp::Schema::from<T>().getProto()` in a program, or
/// a node of what `capnp compile -o-` writes.
std::string encode_schema(capnp::schema::Node::Reader node);

/// `invalid` if the bytes are no struct's schema.
status check_schema(std::string_view schema);

/// Whether programs with the one can read values of the other: what
/// `capnp::SchemaLoader` asks of two versions of a type. `schema_incompatible`, in its
/// words.
status check_compatible(std::string_view readers, std::string_view writers);

/// Whether the bytes are one message whose root is a struct.
status check_message(std::string_view bytes);

} // namespace present::conflict
