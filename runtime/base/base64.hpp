#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace present {

/// RFC 4648 with padding.
std::string to_base64(std::string_view bytes);

/// Empty if `text` isn't what `to_base64` would write.
std::optional<std::string> from_base64(std::string_view text);

/// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

} // namespace present
