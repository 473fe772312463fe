#pragma once

#include "runtime/base/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How verbs speak: data on one stream, talk on another, in the format that the
/// user asked for. Verbs hand over JSON records; what a table shows is derived
/// from them, so the formats can't come to differ.
namespace present::tools {

using json = nlohmann::ordered_json;

enum class format { table, json, jsonl };

/// Empty if `name` is none of "table", "json", "jsonl".
std::optional<format> format_named(std::string_view name);

/// The code's exit status; 7 rather than 8 for a deadline that provably did nothing.
int exit_code_of(const error& problem);

/// "not_found: no key 'a' in space 's' (outcome: not_applied)".
std::string error_sentence(const error& problem);

/// Columns aligned by display width, numbers to the right; a heading unless
/// there are no rows. What a record lacks is shown as "-".
std::string render_table(const std::vector<std::string>& columns,
                         const std::vector<json>& records);

/// Not thread-safe. Streams outlive it.
class output {
public:
  struct streams {
    std::ostream& data;
    std::ostream& talk;
    bool data_is_terminal = false;
    bool talk_is_terminal = false;
  };

  output(format shape, bool color, streams to)
      : shape_(shape), color_(color), to_(to) {}

  format shape() const { return shape_; }
  bool talk_is_terminal() const { return to_.talk_is_terminal; }
  std::ostream& data() { return to_.data; }

  /// One line of talk.
  void say(std::string_view line);

  /// A line of talk that the next one replaces; nothing off a terminal.
  void say_over(std::string_view line);

  /// One thing: an aligned "name  value" list as a table.
  void one(const json& record);

  /// A document that has its own look for people, `text`.
  void document(const json& record, std::string_view text);

  /// Many of a kind, in the order given.
  void list(const std::vector<std::string>& columns,
            const std::vector<json>& records);

  /// Says what went wrong, as JSON unless the format is table. The exit status.
  int fail(const error& problem);

private:
  void end_line();

  format shape_;
  bool color_;
  streams to_;
  bool line_is_open_ = false; ///< `say_over` has said something
};

} // namespace present::tools
