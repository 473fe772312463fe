#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace present::observe {

/// Which trace a message belongs to, and which span caused it: W3C Trace Context
/// (Recommendation of 2021), version 00. Plain data, copied into each message
/// (O1). A default one is "no trace".
struct trace_context {
  std::uint64_t trace_high = 0; ///< the trace's id, 16 bytes, never all zero
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0; ///< the caller's span, never zero
  bool sampled = false;

  explicit operator bool() const {
    return (trace_high != 0 || trace_low != 0) && span != 0;
  }
  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Longest `traceparent` that is looked at: later versions may be longer, and
/// their first 55 characters mean the same.
inline constexpr std::size_t max_traceparent = 256;

/// The context in a `traceparent` header; empty where the standard says to ignore
/// the header and begin a new trace. Flags other than *sampled* are dropped, as
/// the standard asks of those who don't know them.
std::optional<trace_context> parse_traceparent(std::string_view header);

/// "00-<32 hex>-<16 hex>-<2 hex>". Of "no trace": empty.
std::string format_traceparent(const trace_context& context);

/// The 32 hexadecimal digits by which people name a trace: `error::trace_id`.
std::string trace_id_text(const trace_context& context);

/// And back; empty if it is none. The context has no span.
std::optional<trace_context> parse_trace_id(std::string_view text);

/// Its 16 hexadecimal digits.
std::string span_id_text(std::uint64_t span);

/// The same trace as seen by what `parent` calls, whose span is `span`.
trace_context child_of(const trace_context& parent, std::uint64_t span);

} // namespace present::observe
