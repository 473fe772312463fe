#include "tools/present/output.hpp"

#include "runtime/network/error_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace present::tools {

namespace {

/// Width in columns, taking each code point for one: right for what we print
/// ourselves, and near enough for users' text.
std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
    text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string cell_text(const json& record, const std::string& column) {
  const auto found = record.find(column);
  if (found == record.end() || found->is_null())
    return "-";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const auto shown = display_width(text);
  const std::string blank(width > shown ? width - shown : 0, ' ');
  return right ? blank + text : text + blank;
}

bool is_numeric(const std::vector<json>& records, const std::string& column) {
  return std::all_of(records.begin(), records.end(), [&](const json& record) {
    const auto found = record.find(column);
    return found == record.end() || found->is_null() || found->is_number();
  });
}

void append_line(std::string& text, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths,
                 const std::vector<bool>& right) {
  std::string line;
  for (std::size_t place = 0; place < cells.size(); ++place)
    line += (place ? "  " : "") + padded(cells[place], widths[place], right[place]);
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + '\n';
}

/// Users' bytes may be anything: what isn't UTF-8 never reaches `dump`, except
/// inside messages, where it is replaced.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

std::optional<format> format_named(std::string_view name) {
  if (name == "table")
    return format::table;
  if (name == "json")
    return format::json;
  if (name == "jsonl")
    return format::jsonl;
  return std::nullopt;
}

int exit_code_of(const error& problem) {
  if (problem.code == error_code::deadline
      && problem.known == outcome::not_applied)
    return 7;
  return traits_of(problem.code).exit_code;
}

std::string error_sentence(const error& problem) {
  std::string sentence{traits_of(problem.code).name};
  sentence += ": " + problem.message;
  // A refusal that changed nothing needs no remark; anything else does.
  if (problem.known != outcome::not_applied)
    sentence += " (outcome: " + std::string{to_string(problem.known)} + ')';
  if (problem.retry_after_ms != 0)
    sentence += "; try again in " + std::to_string(problem.retry_after_ms) + " ms";
  return sentence;
}

std::string render_table(const std::vector<std::string>& columns,
                         const std::vector<json>& records) {
  std::string text;
  if (records.empty())
    return text;
  std::vector<std::vector<std::string>> lines(records.size() + 1);
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (const auto& column : columns) {
    auto heading = column;
    std::transform(heading.begin(), heading.end(), heading.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    auto width = display_width(heading);
    lines[0].push_back(std::move(heading));
    for (std::size_t row = 0; row < records.size(); ++row) {
      lines[row + 1].push_back(cell_text(records[row], column));
      width = std::max(width, display_width(lines[row + 1].back()));
    }
    widths.push_back(width);
    right.push_back(is_numeric(records, column));
  }
  for (const auto& line : lines)
    append_line(text, line, widths, right);
  return text;
}

void output::end_line() {
  if (line_is_open_)
    to_.talk << '\n';
  line_is_open_ = false;
}

void output::say(std::string_view line) {
  end_line();
  to_.talk << line << '\n' << std::flush;
}

void output::say_over(std::string_view line) {
  if (!to_.talk_is_terminal)
    return;
  to_.talk << '\r' << line << "\033[K" << std::flush;
  line_is_open_ = true;
}

void output::one(const json& record) {
  end_line();
  if (shape_ != format::table) {
    to_.data << dump(record) << '\n' << std::flush;
    return;
  }
  std::size_t width = 0;
  for (const auto& [name, value] : record.items())
    width = std::max(width, name.size());
  for (const auto& [name, value] : record.items())
    to_.data << padded(name, width, false) << "  " << cell_text(record, name) << '\n';
  to_.data << std::flush;
}

void output::document(const json& record, std::string_view text) {
  end_line();
  if (shape_ == format::table)
    to_.data << text << std::flush;
  else
    to_.data << dump(record) << '\n' << std::flush;
}

void output::list(const std::vector<std::string>& columns,
                  const std::vector<json>& records) {
  end_line();
  if (shape_ == format::table) {
    to_.data << render_table(columns, records);
  } else if (shape_ == format::json) {
    to_.data << dump(json(records)) << '\n';
  } else {
    for (const auto& record : records)
      to_.data << dump(record) << '\n';
  }
  to_.data << std::flush;
}

int output::fail(const error& problem) {
  end_line();
  if (shape_ != format::table)
    to_.talk << dump(error_body(problem)) << '\n' << std::flush;
  else if (color_)
    say("\033[31mpresent: " + error_sentence(problem) + "\033[0m");
  else
    say("present: " + error_sentence(problem));
  return exit_code_of(problem);
}

} // namespace present::tools
