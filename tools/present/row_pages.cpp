#include "tools/present/row_pages.hpp"

#include "runtime/base/bounds.hpp"

#include <algorithm>

namespace present::tools {

status for_each_row(client_session& client, const std::string& space,
                    const row_options& what,
                    const std::function<void(const found_row&)>& take) {
  const auto within = bounds_of(what.range);
  if (within.is_void)
    return success();
  scan_options page_of{within.first, within.last, 0, what.keys_only, what.at};
  auto left = what.limit == 0 ? ~std::uint64_t{0} : what.limit;
  while (left > 0) {
    page_of.limit = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(left, bounds::max_scan_page));
    const auto page = client.scan(space, page_of, what.patience);
    if (!page)
      return page.problem();
    for (const auto& row : page->rows)
      take(row);
    left -= std::min<std::uint64_t>(left, page->rows.size());
    if (!page->more || page->rows.empty())
      return success();
    page_of.first = next_key(page->rows.back().key);
  }
  return success();
}

} // namespace present::tools
