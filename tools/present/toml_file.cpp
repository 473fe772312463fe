#include "tools/present/toml_file.hpp"

#include "tools/present/nearest_name.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace present::tools {

namespace {

std::string place(const std::string& file, const toml::source_region& region) {
  return file + ':' + std::to_string(region.begin.line) + ':'
         + std::to_string(region.begin.column);
}

std::string first_segment(std::string_view path) {
  return std::string{path.substr(0, path.find('.'))};
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = first_segment(pattern);
    if (wanted != "*" && wanted != first_segment(path))
      return false;
    pattern = pattern.find('.') == pattern.npos
                ? "" : pattern.substr(pattern.find('.') + 1);
    path = path.find('.') == path.npos ? "" : path.substr(path.find('.') + 1);
  }
  return pattern.empty() && path.empty();
}

std::string_view to_string(toml_kind kind) {
  switch (kind) {
    case toml_kind::text:
      return "a string";
    case toml_kind::integer:
      return "an integer";
    case toml_kind::boolean:
      return "true or false";
  }
  return "something else";
}

/// Walks one document against the keys that are known.
class strict_reader {
public:
  strict_reader(const std::string& file, const std::vector<toml_key>& known)
      : file_(file), known_(known) {}

  status read(const toml::table& table, const std::string& prefix) {
    // toml++ keeps tables sorted by key; people read them by line.
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (const auto& [key, node] : table)
      members.emplace_back(&key, &node);
    std::stable_sort(members.begin(), members.end(), [](auto& left, auto& right) {
      return left.first->source().begin < right.first->source().begin;
    });
    for (const auto& [key, node] : members)
      if (auto done = read_member(*key, *node, prefix); !done)
        return done;
    return success();
  }

  std::vector<toml_value> take() { return std::move(values_); }

private:
  status read_member(const toml::key& key, const toml::node& node,
                     const std::string& prefix) {
    const auto path = prefix + std::string{key.str()};
    const auto at = place(file_, key.source());
    if (const auto* table = node.as_table(); table && is_section(path))
      return read(*table, path + '.');
    const auto found = std::find_if(known_.begin(), known_.end(), [&](auto& entry) {
      return matches(entry.path, path);
    });
    if (found == known_.end())
      return make_error(error_code::invalid, at + ": unknown key '" + path + '\''
                                               + did_you_mean(path, names()));
    return read_value(*found, node, {path, "", at});
  }

  status read_value(const toml_key& key, const toml::node& node,
                    toml_value found) {
    if (const auto* text = node.as_string(); text && key.kind == toml_kind::text)
      found.text = text->get();
    else if (const auto* number = node.as_integer();
             number && key.kind == toml_kind::integer)
      found.text = std::to_string(number->get());
    else if (const auto* truth = node.as_boolean();
             truth && key.kind == toml_kind::boolean)
      found.text = truth->get() ? "true" : "false";
    else
      return make_error(error_code::invalid,
                        found.origin + ": '" + found.path + "' must be "
                          + std::string{to_string(key.kind)});
    values_.push_back(std::move(found));
    return success();
  }

  /// Whether a known key lies somewhere below `path`.
  bool is_section(const std::string& path) const {
    return std::any_of(known_.begin(), known_.end(), [&](const toml_key& key) {
      for (auto dot = key.path.find('.'); dot != key.path.npos;
           dot = key.path.find('.', dot + 1))
        if (matches(key.path.substr(0, dot), path))
          return true;
      return false;
    });
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& key : known_)
      all.push_back(key.path);
    return all;
  }

  const std::string& file_;
  const std::vector<toml_key>& known_;
  std::vector<toml_value> values_;
};

} // namespace

result<std::vector<toml_value>> read_toml(std::string_view text,
                                          const std::string& file,
                                          const std::vector<toml_key>& known) {
  try {
    const auto document = toml::parse(text, file);
    strict_reader reader{file, known};
    if (auto done = reader.read(document, ""); !done)
      return done.problem();
    return reader.take();
  } catch (const toml::parse_error& problem) {
    return make_error(error_code::invalid,
                      place(file, problem.source()) + ": "
                        + std::string{problem.description()});
  }
}

std::string toml_string(std::string_view text) {
  constexpr auto one_line = toml::toml_formatter::default_flags
                            & ~(toml::format_flags::allow_literal_strings
                                | toml::format_flags::allow_multi_line_strings);
  const toml::value<std::string> value{std::string{text}};
  std::ostringstream out;
  out << toml::toml_formatter{value, one_line};
  return out.str();
}

} // namespace present::tools
