#include "tools/present/nearest_name.hpp"

#include <algorithm>

namespace present::tools {

namespace {

/// Letters added, dropped, replaced, or swapped with their neighbour.
std::size_t edits_between(std::string_view left, std::string_view right) {
  const auto width = right.size() + 1;
  std::vector<std::size_t> edits((left.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return edits[i * width + j];
  };
  for (std::size_t i = 0; i <= left.size(); ++i)
    for (std::size_t j = 0; j <= right.size(); ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const auto replaced = at(i - 1, j - 1) + (left[i - 1] == right[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  return edits.back();
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
