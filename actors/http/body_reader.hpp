#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/joined.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON bodies, read strictly: what is unknown, or of another type, is `invalid` and
/// named by its place.
namespace present::http {

using nlohmann::json;

/// How large a body may be in what it is made of, so that one that is a million small
/// arrays costs no memory.
struct body_shape {
  const char* is = "a body";  ///< "a batch"
  const char* row = "{}";     ///< one of what it lists, as an example: they nest no further
  int deepest = 3;            ///< levels of lists and objects
  std::size_t most_events = 0; ///< beginnings, ends, names and values
  const char* counted = "";   ///< of which there may be `most`
  std::size_t most = 0;
};
result<json> parse_bounded(std::string_view body, const body_shape& shape);

/// Reads one object strictly: each of its members has to be asked for.
class object_reader {
public:
  object_reader(const json& object, std::string place)
      : object_(object), place_(std::move(place)) {}

  std::string text(const char* name, const char* fallback = nullptr) {
    const auto* found = member(name);
    if (found && found->is_string())
      return found->get<std::string>();
    if (found)
      complain(name, "must be a string");
    else if (!fallback)
      complain(name, "is missing");
    return fallback ? fallback : "";
  }

  bool flag(const char* name) {
    const auto* found = member(name);
    if (found && !found->is_boolean())
      complain(name, "must be true or false");
    return found && found->is_boolean() && found->get<bool>();
  }

  std::uint64_t version(const char* name) {
    const auto* found = member(name);
    if (!found)
      return 0;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() == 0) {
      complain(name, "must be a version, a whole number above 0");
      return 0;
    }
    return found->get<std::uint64_t>();
  }

  /// 0 where there is none.
  std::uint64_t number(const char* name, std::uint64_t least, std::uint64_t most) {
    const auto* found = member(name);
    if (!found)
      return 0;
    const auto value = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    if (value < least || value > most)
      complain(name, "must be a whole number from " + std::to_string(least) + " to "
                       + std::to_string(most));
    return value;
  }

  /// Of any sign; 0 where there is none, which it complains of.
  std::int64_t whole_number(const char* name) {
    const auto* found = member(name);
    // A number that doesn't fit is read as a float, or as unsigned.
    const bool fits = found && found->is_number_integer()
                      && (!found->is_number_unsigned()
                          || found->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    if (!fits)
      complain(name, "must be a whole number of 64 bits");
    return fits ? found->get<std::int64_t>() : 0;
  }

  bool has(const char* name) const { return object_.contains(name); }

  std::vector<std::string> texts(const char* name) {
    const auto* found = member(name);
    const bool fits = !found || (found->is_array()
                                 && std::all_of(found->begin(), found->end(),
                                                [](const json& one) { return one.is_string(); }));
    if (!fits)
      complain(name, "must be a list of strings");
    return found && fits ? found->get<std::vector<std::string>>() : std::vector<std::string>{};
  }

  void complain(const char* name, const std::string& what) {
    if (!problem_)
      problem_ = make_error(error_code::invalid, place_ + '.' + name + ": " + what);
  }

  std::optional<error> problem() {
    for (const auto& [name, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), name) == known_.end())
        complain(name.c_str(), "unknown; there are " + joined(known_));
    return problem_;
  }

private:
  const json* member(const char* name) {
    known_.emplace_back(name);
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  const json& object_;
  const std::string place_;
  std::vector<std::string> known_;
  std::optional<error> problem_;
};

/// `read(reader)` for each object of the list, which its place in `name` names.
template <class Read>
std::optional<error> read_objects(const json& list, const std::string& name, Read read) {
  for (std::size_t place = 0; place < list.size(); ++place) {
    const auto where = name + '[' + std::to_string(place) + ']';
    if (!list[place].is_object())
      return make_error(error_code::invalid, where + ": must be an object");
    object_reader reader{list[place], where};
    read(reader);
    if (auto problem = reader.problem())
      return problem;
  }
  return std::nullopt;
}

/// The member "encoding", "utf-8" without it.
std::string encoding_of(object_reader& from);

/// `text` of the member `name`, decoded as `encoding` says.
std::string decoded(object_reader& from, const char* name, const std::string& encoding,
                    std::string text);

/// The bytes of the member `name`, as "encoding" says.
std::string bytes_of(object_reader& from, const char* name, const std::string& encoding);

} // namespace present::http
