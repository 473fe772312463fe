#pragma once

#include <string>

namespace present {

/// "a, b, c", for people.
template <class Names>
std::string joined(const Names& names) {
  std::string all;
  for (const auto& name : names)
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

} // namespace present
