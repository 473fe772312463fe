#pragma once

#include "storage/key_provider.hpp"

#include <string>
#include <string_view>

/// What an environment keeps of its encryption, as bytes (schemas/keys.capnp) and
/// back.
namespace present::storage {

std::string encode_wrapped_key(const wrapped_key& what);
result<wrapped_key> decode_wrapped_key(std::string_view bytes);

std::string encode_salt(const std::string& salt);
result<std::string> decode_salt(std::string_view bytes);

} // namespace present::storage
