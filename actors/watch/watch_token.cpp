#include "actors/watch/watch_token.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/parse_count.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

namespace present {

namespace {

error problem_at(std::size_t at, const std::string& what) {
  return make_error(error_code::invalid,
                    "from: byte " + std::to_string(at + 1) + ": " + what
                      + "; a token is what a watch gave, or @ and a version");
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> number_up_to(std::string_view text, std::uint64_t most) {
  const auto number = parse_count(text);
  return number && *number <= most ? number : std::nullopt;
}

struct named_place {
  partition_id partition;
  watch_position place;
};

std::optional<named_place> parse_place(std::string_view text) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  const auto parts = split(text, '.');
  if (parts.size() != 3)
    return std::nullopt;
  const auto partition = number_up_to(parts[0], most);
  const auto index = number_up_to(parts[1], std::numeric_limits<std::uint64_t>::max() - 1);
  const auto ordinal = number_up_to(parts[2], most);
  if (!partition || !index || *index == 0 || !ordinal)
    return std::nullopt;
  return named_place{{static_cast<std::uint32_t>(*partition)},
                     {{*index}, static_cast<std::uint32_t>(*ordinal)}};
}

std::optional<std::uint32_t> parse_watch_name(std::string_view digits) {
  std::uint32_t name = 0;
  const auto [end, problem]
    = std::from_chars(digits.data(), digits.data() + digits.size(), name, 16);
  const bool is_whole = problem == std::errc{} && end == digits.data() + digits.size();
  return is_whole && name != 0 && digits.front() != '0' ? std::optional{name} : std::nullopt;
}

} // namespace

std::string to_text(const watch_token& token) {
  std::string text;
  for (const auto& [partition, place] : token.places)
    text += (text.empty() ? "" : ",") + std::to_string(partition.value) + '.'
            + std::to_string(place.index.value) + '.' + std::to_string(place.ordinal);
  if (token.above.value != 0)
    text += '@' + std::to_string(token.above.value);
  if (token.of_watch != 0) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), token.of_watch, 16).ptr;
    text += '~' + std::string(digits.begin(), end);
  }
  return text;
}

result<watch_token> parse_watch_token(std::string_view text) {
  if (text.size() > bounds::max_watch_token)
    return make_error(error_code::too_large,
                      "from: " + std::to_string(text.size()) + " bytes; the limit is "
                        + std::to_string(bounds::max_watch_token));
  watch_token token;
  if (const auto of = text.find('~'); of != std::string_view::npos) {
    const auto name = parse_watch_name(text.substr(of + 1));
    if (!name)
      return problem_at(of + 1, "is no name of a watch");
    token.of_watch = *name;
    text = text.substr(0, of);
  }
  const auto at = text.find('@');
  if (at != std::string_view::npos) {
    const auto stamp = parse_count(text.substr(at + 1));
    if (!stamp || *stamp == 0)
      return problem_at(at + 1, "is no version");
    token.above = {*stamp};
    if (at == 0)
      return token;
  }
  std::size_t begin = 0;
  for (const auto part : split(text.substr(0, at), ',')) {
    const auto place = parse_place(part);
    if (!place)
      return problem_at(begin, "is no place PARTITION.INDEX.ORDINAL");
    if (!token.places.empty() && place->partition <= token.places.rbegin()->first)
      return problem_at(begin, "partitions have to rise");
    token.places[place->partition] = place->place;
    begin += part.size() + 1;
  }
  return token;
}

} // namespace present
