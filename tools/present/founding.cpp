#include "tools/present/founding.hpp"

#include <algorithm>

namespace present::tools {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

error at(const std::string& endpoint, error why) {
  why.message = endpoint + ": " + why.message;
  return why;
}

milliseconds left_until(clock::time_point deadline) {
  return std::max(milliseconds{1},
                  std::chrono::duration_cast<milliseconds>(deadline - clock::now()));
}

struct census {
  std::vector<member_status> members; ///< in the order of asking
  map_epoch newest;                   ///< that any of them has heard of
};

/// The map that founders are given; a newer one is of a cluster that lives.
constexpr map_epoch founding_epoch{1};

result<census> ask_all(client_session& session, const std::vector<std::string>& endpoints,
                       clock::time_point deadline) {
  census found;
  for (const auto& endpoint : endpoints) {
    auto self = session.self(endpoint, left_until(deadline));
    if (!self)
      return at(endpoint, self.problem());
    found.members.push_back(std::move(self->who));
    found.newest = std::max(found.newest, self->epoch);
  }
  return found;
}

} // namespace

status found_cluster(client_session& session, const std::vector<std::string>& endpoints,
                     std::uint32_t partitions, std::chrono::milliseconds patience) {
  const auto deadline = clock::now() + patience;
  const auto found = ask_all(session, endpoints, deadline);
  if (!found)
    return found.problem();
  if (found->newest > founding_epoch)
    return success(); // who lacks the map gets it from the others
  for (const auto& endpoint : endpoints)
    if (auto asked
        = session.initialise(endpoint, found->members, partitions, left_until(deadline));
        !asked)
      return at(endpoint, asked.problem());
  return success();
}

} // namespace present::tools
