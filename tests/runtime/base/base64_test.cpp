#include "runtime/base/base64.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace present;

TEST_CASE("base64 comes back as it was, and has one spelling") {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob"})
    CHECK(from_base64(to_base64(bytes)) == bytes);
  CHECK(to_base64("foob") == "Zm9vYg==");
  CHECK_FALSE(from_base64("Zm9vYh==").has_value());
  CHECK_FALSE(from_base64("Zm9").has_value());
  CHECK_FALSE(from_base64("Zm=v").has_value());
  CHECK_FALSE(from_base64("Zm9*").has_value());
}

TEST_CASE("UTF-8 is what the standard says, no more") {
  CHECK(is_utf8("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x87\xa6"));
  CHECK_FALSE(is_utf8("\xc0\x80"));         // overlong
  CHECK_FALSE(is_utf8("\xe0\x9f\xbf"));     // overlong
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));     // surrogate
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80")); // above U+10FFFF
  CHECK_FALSE(is_utf8("\xe2\x82"));         // cut
}
