#include "runtime/edge/log.hpp"

#include "runtime/edge/clock.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <ctime>

namespace present::edge {

namespace {

std::atomic<log_level> least_level{log_level::info};
std::atomic<bool> as_json{false};

log_sink& redirected() {
  static log_sink sink;
  return sink;
}

/// The line is ready when spdlog gets it: its pattern adds nothing.
spdlog::logger& stderr_log() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>(
      "present", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

std::string iso_time(std::uint64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const auto end = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + end, sizeof text - end, ".%03uZ",
                static_cast<unsigned>(wall_ms % 1000));
  return text;
}

void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      line += code;
    } else {
      line.push_back(c);
    }
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line.push_back('"');
  append_escaped(line, text);
  line.push_back('"');
}

/// One word stays bare; anything that would split or end the line is quoted.
void append_word(std::string& line, std::string_view text) {
  const auto plain = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '=';
  };
  bool bare = !text.empty();
  for (const char c : text)
    bare = bare && plain(c);
  if (bare)
    line += text;
  else
    append_quoted(line, text);
}

} // namespace

std::string_view to_string(log_level level) {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warning:
      return "warning";
    case log_level::error:
      return "error";
    case log_level::off:
      return "off";
  }
  return "off";
}

void configure_log(const log_settings& settings) {
  least_level = settings.least;
  as_json = settings.json;
}

void redirect_log(log_sink sink) {
  redirected() = std::move(sink);
}

bool logger::says(log_level level) {
  return level >= least_level.load(std::memory_order_relaxed);
}

void logger::debug(std::string_view message, fields values) const {
  write(log_level::debug, message, values);
}

void logger::info(std::string_view message, fields values) const {
  write(log_level::info, message, values);
}

void logger::warning(std::string_view message, fields values) const {
  write(log_level::warning, message, values);
}

void logger::error(std::string_view message, fields values) const {
  write(log_level::error, message, values);
}

void logger::write(log_level level, std::string_view message,
                   fields values) const {
  if (!says(level))
    return;
  const bool json = as_json;
  std::string line;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (json) {
      line += line.empty() ? "{" : ",";
      append_quoted(line, key);
      line.push_back(':');
      append_quoted(line, value);
    } else {
      if (!line.empty())
        line.push_back(' ');
      append_word(line, value);
    }
  };
  add("time", iso_time(machine_clock().wall_ms()));
  add("level", to_string(level));
  add("node", std::to_string(node_.value));
  add("actor", actor_);
  add("message", message);
  for (const auto& field : values) {
    if (json) {
      add(field.key, field.value);
    } else {
      line.push_back(' ');
      line += field.key;
      line.push_back('=');
      append_word(line, field.value);
    }
  }
  if (json)
    line.push_back('}');
  if (redirected())
    redirected()(level, line);
  else
    stderr_log().info(line);
}

} // namespace present::edge
