#include "actors/client/lock_names.hpp"

#include <charconv>

namespace present::client {

result<lock_name> parse_lock_name(std::string_view text) {
  const auto slash = text.find('/');
  lock_name name;
  if (slash == std::string_view::npos)
    name = {std::string{default_lock_space}, std::string{text}};
  else
    name = {std::string{text.substr(0, slash)}, std::string{text.substr(slash + 1)}};
  if (name.space.empty() || name.key.empty())
    return make_error(error_code::invalid,
                      "lock '" + std::string{text} + "': NAME, or SPACE/NAME");
  return name;
}

result<fence_name> parse_fence(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto digits = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  fence_name fence;
  const auto [end, problem]
    = std::from_chars(digits.data(), digits.data() + digits.size(), fence.token.value);
  if (digits.empty() || problem != std::errc{} || end != digits.data() + digits.size()
      || fence.token.value == 0)
    return make_error(error_code::invalid, "fence '" + std::string{text}
                                             + "': LOCK:TOKEN, the token as the lock was "
                                               "granted with");
  auto name = parse_lock_name(text.substr(0, colon));
  if (!name)
    return std::move(name.problem());
  fence.space = std::move(name->space);
  fence.key = std::move(name->key);
  return fence;
}

} // namespace present::client
