#include "storage/key_codec.hpp"

#include "schemas/keys.capnp.h"
#include "storage/capnp_bytes.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_wrapped_key(const wrapped_key& what) {
  return write<stored::WrappedKey>(what.bytes.size(), [&](auto out) {
    out.setWrappedBy(what.wrapped_by);
    out.setBytes(data_of(what.bytes));
  });
}

result<wrapped_key> decode_wrapped_key(std::string_view bytes) {
  return read<stored::WrappedKey, wrapped_key>(
    bytes, [](auto in) -> result<wrapped_key> {
      return wrapped_key{in.getWrappedBy(), string_of(in.getBytes())};
    });
}

std::string encode_salt(const std::string& salt) {
  return write<stored::Opening>(
    salt.size(), [&](auto out) { out.setSalt(data_of(salt)); });
}

result<std::string> decode_salt(std::string_view bytes) {
  return read<stored::Opening, std::string>(
    bytes, [](auto in) -> result<std::string> {
      if (in.getSalt().size() != secret_key::size)
        return make_error(error_code::damaged, "a salt of a wrong size");
      return string_of(in.getSalt());
    });
}

} // namespace present::storage
