#pragma once

#include "runtime/base/error.hpp"
#include "schemas/error.capnp.h"

/// Errors between runtime/base/error.hpp and schemas/error.capnp.
namespace present {

void encode_error(const error& from, schema::Error::Builder to);

/// A code or outcome of a newer program becomes `unknown_outcome`, never a
/// guess (P5). A null pointer is `ok`.
error decode_error(schema::Error::Reader from);

} // namespace present
