#pragma once

#include "actors/partition/operation.hpp"

#include <cstddef>

/// How large operations are, for bounds and buffers.
namespace present {

struct transaction_size {
  std::size_t places = 0; ///< keys, ranges and rows that it names
  std::size_t bytes = 0;  ///< of keys, values and operands
};

transaction_size size_of(const transact& what);

/// Keys and values of an operation, and about what the rest takes when encoded.
std::size_t encoded_bytes(const operation& what);

} // namespace present
