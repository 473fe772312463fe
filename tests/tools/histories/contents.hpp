#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace present::histories {

/// Of a key, all types at once: it is used as one of them.
struct contents {
  std::optional<std::string> value;
  std::int64_t total = 0;
  std::set<std::string> members;
};

} // namespace present::histories
