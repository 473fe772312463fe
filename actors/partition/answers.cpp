#include "actors/partition/answers.hpp"

#include "runtime/base/bounds.hpp"

namespace present::partition {

namespace {

std::optional<error> key_problem(std::string_view key) {
  if (key.empty())
    return make_error(error_code::invalid, "key: empty; a key has 1 to 400 bytes");
  if (key.size() > bounds::max_key)
    return make_error(error_code::too_large,
                      "key: " + std::to_string(key.size()) + " bytes; the limit is "
                        + std::to_string(bounds::max_key));
  return std::nullopt;
}

std::optional<error> value_problem(const bytes_ptr& value) {
  if (value && value->size() > bounds::max_value)
    return make_error(error_code::too_large,
                      "value: " + std::to_string(value->size())
                        + " bytes; the limit is " + std::to_string(bounds::max_value));
  return std::nullopt;
}

std::optional<error> name_problem(std::string_view name) {
  if (name.empty() || name.size() > bounds::max_space_name)
    return make_error(error_code::invalid,
                      "space name: " + std::to_string(name.size())
                        + " bytes; a name has 1 to "
                        + std::to_string(bounds::max_space_name));
  constexpr std::string_view allowed
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (const auto at = name.find_first_not_of(allowed); at != std::string_view::npos)
    return make_error(error_code::invalid,
                      "space name: byte " + std::to_string(at + 1)
                        + " is not a letter, a digit, '-', '_' or '.'");
  return std::nullopt;
}

std::optional<error> problem_of(const get& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const scan& asked) {
  if (asked.limit > bounds::max_scan_page)
    return make_error(error_code::too_large,
                      "limit: " + std::to_string(asked.limit) + "; a page has up to "
                        + std::to_string(bounds::max_scan_page) + " keys");
  if (asked.first.size() > bounds::max_key + 1 || asked.last.size() > bounds::max_key + 1)
    return make_error(error_code::too_large, "first, last: over the limit of a key");
  return std::nullopt;
}

std::optional<error> problem_of(const put& asked) {
  if (auto problem = key_problem(asked.key))
    return problem;
  return value_problem(asked.value);
}

std::optional<error> problem_of(const remove_key& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const create_space& asked) {
  return name_problem(asked.name);
}

std::optional<error> problem_of(const drop_space& asked) {
  return name_problem(asked.name);
}

} // namespace

answer applied_answer(hlc_stamp version) {
  answer given;
  given.version = version;
  return given;
}

answer refused_answer(error_code code, std::string message) {
  answer given;
  given.code = code;
  given.known = traits_of(code).known_outcome;
  given.message = std::move(message);
  return given;
}

answer not_found_answer(std::string_view key) {
  return refused_answer(error_code::not_found, "no key '" + std::string{key} + "'");
}

answer unknown_space_answer(space_id space) {
  return refused_answer(error_code::unknown_space,
                        "no space with number " + std::to_string(space.value));
}

std::optional<error> limit_broken_by(const operation& asked) {
  return std::visit([](const auto& what) { return problem_of(what); }, asked.what);
}

std::optional<answer>
refusal_by(const condition& when, const std::optional<storage::value_record>& found) {
  const bool exists = found && !found->tombstone;
  const auto conflict = [&](std::string message) {
    auto refused = refused_answer(error_code::version_conflict, std::move(message));
    refused.version = exists ? found->version : hlc_stamp{};
    return refused;
  };
  if (std::holds_alternative<if_absent>(when) && exists)
    return conflict("the key exists, at version " + std::to_string(found->version.value));
  if (const auto* wanted = std::get_if<if_version>(&when)) {
    if (!exists)
      return conflict("the key does not exist; version "
                      + std::to_string(wanted->version.value) + " was expected");
    if (found->version != wanted->version)
      return conflict("the key is at version " + std::to_string(found->version.value)
                      + "; " + std::to_string(wanted->version.value) + " was expected");
  }
  return std::nullopt;
}

} // namespace present::partition
