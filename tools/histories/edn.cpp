#include "tools/histories/edn.hpp"

#include <charconv>

namespace present::histories {

namespace {

constexpr std::size_t deepest = 16;

bool is_space(char one) {
  return one == ' ' || one == ',' || (one >= '\t' && one <= '\r');
}

bool ends_word(char one) {
  return is_space(one)
      || std::string_view{"()[]{}\";"}.find(one) != std::string_view::npos;
}

} // namespace

const edn_value* edn_value::member(std::string_view name) const {
  if (is != form::map)
    return nullptr;
  for (std::size_t place = 0; place + 1 < items.size(); place += 2)
    if (items[place].is == form::keyword && items[place].text == name)
      return &items[place + 1];
  return nullptr;
}

std::string_view to_string(edn_value::form what) {
  switch (what) {
    case edn_value::form::nil:
      return "nil";
    case edn_value::form::boolean:
      return "a boolean";
    case edn_value::form::integer:
      return "an integer";
    case edn_value::form::keyword:
      return "a keyword";
    case edn_value::form::text:
      return "a string";
    case edn_value::form::vector:
      return "a vector";
    default:
      return "a map";
  }
}

result<std::optional<edn_value>> edn_reader::next() {
  skip_space();
  if (at_ == text_.size())
    return std::optional<edn_value>{};
  std::optional<edn_value> made{std::in_place};
  if (auto good = read(*made, 0); !good) {
    at_ = text_.size();
    return good.problem();
  }
  return made;
}

void edn_reader::skip_space() {
  while (at_ < text_.size()) {
    if (text_[at_] == ';')
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    else if (is_space(text_[at_]))
      line_ += text_[at_++] == '\n' ? 1 : 0;
    else
      return;
  }
}

status edn_reader::read(edn_value& into, std::size_t depth) {
  into.line = line_;
  if (depth == deepest)
    return complaint("more than " + std::to_string(deepest)
                     + " values in each other");
  switch (text_[at_]) {
    case '{':
      into.is = edn_value::form::map;
      return read_items(into, '}', depth);
    case '[':
      into.is = edn_value::form::vector;
      return read_items(into, ']', depth);
    case '(':
      into.is = edn_value::form::vector;
      return read_items(into, ')', depth);
    case '"':
      return read_text(into);
    default:
      return read_word(into);
  }
}

status edn_reader::read_items(edn_value& into, char end, std::size_t depth) {
  const auto opened = std::string{text_[at_++]};
  for (;;) {
    skip_space();
    if (at_ == text_.size())
      return complaint("the text ends within the '" + opened + "' of line "
                       + std::to_string(into.line));
    if (text_[at_] == end) {
      ++at_;
      break;
    }
    if (auto good = read(into.items.emplace_back(), depth + 1); !good)
      return good.problem();
  }
  if (into.is == edn_value::form::map && into.items.size() % 2 != 0)
    return complaint("a map has a key without a value");
  return success();
}

status edn_reader::read_text(edn_value& into) {
  into.is = edn_value::form::text;
  ++at_;
  while (at_ < text_.size() && text_[at_] != '"') {
    auto one = text_[at_++];
    if (one == '\\') {
      constexpr std::string_view names = "nrt\\\"";
      constexpr std::string_view meant = "\n\r\t\\\"";
      const auto which
          = at_ < text_.size() ? names.find(text_[at_]) : names.npos;
      if (which == names.npos)
        return complaint(
            "a string has an escape that isn't \\n, \\r, \\t, \\\\ or \\\"");
      one = meant[which];
      ++at_;
    } else if (one == '\n') {
      ++line_;
    }
    into.text += one;
  }
  if (at_ == text_.size())
    return complaint("the text ends within the string of line "
                     + std::to_string(into.line));
  ++at_;
  return success();
}

status edn_reader::read_word(edn_value& into) {
  const auto first = at_;
  while (at_ < text_.size() && !ends_word(text_[at_]))
    ++at_;
  const auto word = text_.substr(first, at_ - first);
  if (word.empty())
    return complaint("'" + std::string{text_[at_]}
                     + "' closes nothing that is open");
  if (word == "nil")
    return success();
  if (word == "true" || word == "false") {
    into.is = edn_value::form::boolean;
    into.number = word == "true" ? 1 : 0;
    return success();
  }
  if (word.front() == ':' && word.size() > 1) {
    into.is = edn_value::form::keyword;
    into.text = word.substr(1);
    return success();
  }
  return read_integer(into, word);
}

status edn_reader::read_integer(edn_value& into, std::string_view word) {
  into.is = edn_value::form::integer;
  const auto digits = word.front() == '+' ? word.substr(1) : word;
  const auto* end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, into.number);
  if (problem == std::errc::result_out_of_range)
    return complaint("'" + std::string{word} + "' has more than 64 bits");
  if (digits.empty() || problem != std::errc{} || stop != end)
    return complaint("'" + std::string{word.substr(0, 40)}
                     + "' is no keyword, string, integer, boolean or nil");
  return success();
}

error edn_reader::complaint(const std::string& what) const {
  return make_error(error_code::invalid, std::to_string(line_) + ": " + what);
}

std::string quoted(std::string_view text) {
  std::string made{'"'};
  for (const auto one : text)
    switch (one) {
      case '\n':
        made += "\\n";
        break;
      case '\r':
        made += "\\r";
        break;
      case '\t':
        made += "\\t";
        break;
      case '\\':
      case '"':
        made += '\\';
        [[fallthrough]];
      default:
        made += one;
    }
  return made + '"';
}

} // namespace present::histories
