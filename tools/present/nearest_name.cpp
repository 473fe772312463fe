#include "tools/present/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace present::tools {

namespace {

std::size_t edits_between(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const auto replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

} // namespace

std::string nearest_name(std::string_view typed,
                         const std::vector<std::string>& names) {
  std::string nearest;
  auto fewest = std::clamp<std::size_t>(typed.size() / 2, 1, 3) + 1;
  for (const auto& name : names) {
    const auto edits = edits_between(typed, name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view typed,
                         const std::vector<std::string>& names) {
  const auto nearest = nearest_name(typed, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

} // namespace present::tools
