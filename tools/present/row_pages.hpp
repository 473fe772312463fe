#pragma once

#include "actors/client/client.hpp"
#include "actors/client/key_range.hpp"

#include <functional>
#include <string>

namespace present::tools {

struct row_options {
  key_range range;
  std::uint64_t limit = 0; ///< 0: all
  bool keys_only = false;
  client_session::deadline patience{}; ///< of each page
  hlc_stamp at = {}; ///< 0: as they are
};

/// All rows in key order, page by page: each page is linearizable, all of them
/// together are one moment only at a stamp (P23).
status for_each_row(client_session& client, const std::string& space,
                    const row_options& what,
                    const std::function<void(const found_row&)>& take);

} // namespace present::tools
