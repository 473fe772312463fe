#pragma once

#include "runtime/base/ids.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace present::edge {

enum class log_level : std::uint8_t { debug, info, warning, error, off };

std::string_view to_string(log_level level);

/// How the process logs; `configure_log` once, early in `main`.
struct log_settings {
  log_level least = log_level::info;
  /// One JSON object a line instead of text.
  bool json = false;
};

/// One `key=value` of a line. Keys are fixed words; values are quoted where they
/// hold more than one word.
struct log_field {
  std::string_view key;
  std::string value;

  log_field(std::string_view key_in, std::string value_in)
      : key(key_in), value(std::move(value_in)) {}
  log_field(std::string_view key_in, std::string_view value_in)
      : key(key_in), value(value_in) {}
  log_field(std::string_view key_in, const char* value_in)
      : key(key_in), value(value_in) {}
  log_field(std::string_view key_in, bool value_in)
      : key(key_in), value(value_in ? "true" : "false") {}
  template <std::integral T>
  log_field(std::string_view key_in, T value_in)
      : key(key_in), value(std::to_string(value_in)) {}
  template <std::floating_point T>
  log_field(std::string_view key_in, T value_in)
      : key(key_in), value(std::to_string(value_in)) {}
  template <class Tag, class Rep>
  log_field(std::string_view key_in, strong_id<Tag, Rep> value_in)
      : key(key_in), value(std::to_string(value_in.value)) {}
};

/// What one actor of one node writes to the log: to stderr, never to stdout,
/// which belongs to data. A line is
///
///     2026-11-23T10:02:07.123Z warning 2 /node/journal "disk is slow" ms=812
///
/// time, level, node, actor, message, fields; or the same as a JSON object with
/// the members `time level node actor message` and the fields. Lines below the
/// level cost one comparison: guard what is expensive to say with `says`.
/// Thread-safe; cheap to copy.
class logger {
public:
  logger() = default;
  logger(node_id node, std::string actor)
      : node_(node), actor_(std::move(actor)) {}

  using fields = std::initializer_list<log_field>;

  void debug(std::string_view message, fields values = {}) const;
  void info(std::string_view message, fields values = {}) const;
  void warning(std::string_view message, fields values = {}) const;
  void error(std::string_view message, fields values = {}) const;

  static bool says(log_level level);

private:
  void write(log_level level, std::string_view message, fields values) const;

  node_id node_;
  std::string actor_ = "-";
};

void configure_log(const log_settings& settings);

/// Sends lines (without their end) to `sink` instead of stderr; an empty one
/// restores stderr. For tests, and for simulation, which keeps the lines of the
/// failing seed only. Not while other threads log.
using log_sink = std::function<void(log_level level, std::string_view line)>;
void redirect_log(log_sink sink);

} // namespace present::edge
