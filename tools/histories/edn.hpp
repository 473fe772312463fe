#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The part of EDN (the data notation of Clojure) that histories are written
/// in: maps, vectors, lists, keywords, strings, integers, booleans, nil.
/// Comments and commas are space.
namespace present::histories {

struct edn_value {
  enum class form : std::uint8_t {
    nil,
    boolean,
    integer,
    keyword,
    text,
    vector,
    map
  };
  form is = form::nil;
  std::int64_t number = 0; ///< boolean: 0 or 1
  std::string text;        ///< a keyword's without its colon
  std::vector<edn_value>
      items;            ///< a map's: key, value, key, value; a list is a vector
  std::size_t line = 1; ///< on which it begins

  /// Of a map: what stands under `:name`; null if nothing does.
  const edn_value* member(std::string_view name) const;
};

std::string_view to_string(edn_value::form what);

/// Reads one value after the other. Values are no deeper than 16 in each other.
class edn_reader {
public:
  explicit edn_reader(std::string_view text) : text_(text) {}

  /// Empty at the end of the text. `invalid`, "3: …" with the line, where it is
  /// no EDN; then there is no more to read.
  result<std::optional<edn_value>> next();

private:
  void skip_space();
  status read(edn_value& into, std::size_t depth);
  status read_items(edn_value& into, char end, std::size_t depth);
  status read_text(edn_value& into);
  status read_word(edn_value& into);
  status read_integer(edn_value& into, std::string_view word);
  error complaint(const std::string& what) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

/// As a string in EDN, quotes and all.
std::string quoted(std::string_view text);

} // namespace present::histories
