#include "runtime/observe/trace_context.hpp"

namespace present::observe {

namespace {

constexpr std::size_t version_00_length = 55;
constexpr std::uint64_t sampled_flag = 1;

/// Lower-case digits only: the standard calls others invalid.
std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<std::uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<std::uint64_t>(c - 'a') + 10;
    else
      return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

void append_hex(std::string& text, std::uint64_t value) {
  static constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    text.push_back(digits[value >> shift & 0xf]);
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view header) {
  if (header.size() < version_00_length || header.size() > max_traceparent)
    return std::nullopt;
  if (header[2] != '-' || header[35] != '-' || header[52] != '-')
    return std::nullopt;
  const auto version = parse_hex(header.substr(0, 2));
  const auto high = parse_hex(header.substr(3, 16));
  const auto low = parse_hex(header.substr(19, 16));
  const auto span = parse_hex(header.substr(36, 16));
  const auto flags = parse_hex(header.substr(53, 2));
  if (!version || !high || !low || !span || !flags || *version == 0xff)
    return std::nullopt;
  const bool longer = header.size() > version_00_length;
  if (longer && (*version == 0 || header[version_00_length] != '-'))
    return std::nullopt;
  const trace_context context{*high, *low, *span,
                              (*flags & sampled_flag) != 0};
  if (!context)
    return std::nullopt;
  return context;
}

std::string format_traceparent(const trace_context& context) {
  std::string text;
  if (!context)
    return text;
  text.reserve(version_00_length);
  text += "00-";
  append_hex(text, context.trace_high);
  append_hex(text, context.trace_low);
  text.push_back('-');
  append_hex(text, context.span);
  text += context.sampled ? "-01" : "-00";
  return text;
}

std::string trace_id_text(const trace_context& context) {
  std::string text;
  if (context.trace_high == 0 && context.trace_low == 0)
    return text;
  append_hex(text, context.trace_high);
  append_hex(text, context.trace_low);
  return text;
}

std::optional<trace_context> parse_trace_id(std::string_view text) {
  constexpr std::size_t half = 16;
  if (text.size() != 2 * half)
    return std::nullopt;
  const auto high = parse_hex(text.substr(0, half));
  const auto low = parse_hex(text.substr(half));
  if (!high || !low || (*high == 0 && *low == 0))
    return std::nullopt;
  return trace_context{*high, *low, 0, false};
}

std::string span_id_text(std::uint64_t span) {
  std::string text;
  append_hex(text, span);
  return text;
}

trace_context child_of(const trace_context& parent, std::uint64_t span) {
  auto child = parent;
  child.span = span;
  return child;
}

} // namespace present::observe
