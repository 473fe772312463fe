#pragma once

#include "storage/state.hpp"

#include <vector>

namespace present::partition {

/// The table tells its changes as long as this is there, also where applying throws.
class telling_changes {
public:
  telling_changes(storage::state& table, std::vector<storage::value_change>& to)
      : table_(table) {
    table_.tell_changes(&to);
  }
  ~telling_changes() { table_.tell_changes(nullptr); }
  telling_changes(const telling_changes&) = delete;
  telling_changes& operator=(const telling_changes&) = delete;

private:
  storage::state& table_;
};

} // namespace present::partition
