#pragma once

#include <capnp/blob.h>
#include <kj/array.h>

#include <memory>
#include <string>
#include <string_view>

/// Between Cap'n Proto's texts and bytes and strings: for codecs. Sizes travel with
/// them, so a zero byte is part of a text.
namespace present::schema {

inline kj::ArrayPtr<const kj::byte> data_of(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

/// No bytes where there are none.
inline kj::ArrayPtr<const kj::byte>
data_of(const std::shared_ptr<const std::string>& bytes) {
  return bytes ? data_of(std::string_view{*bytes})
               : kj::ArrayPtr<const kj::byte>{};
}

inline capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

inline std::string string_of(kj::ArrayPtr<const kj::byte> data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

inline std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

inline std::shared_ptr<const std::string>
bytes_of(kj::ArrayPtr<const kj::byte> data) {
  return std::make_shared<const std::string>(string_of(data));
}

} // namespace present::schema
