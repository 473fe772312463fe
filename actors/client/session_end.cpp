#include "actors/client/client_machine.hpp"

#include <algorithm>
#include <vector>

/// How a client's session ends (I7): its open calls at once, its locks where they are.
namespace present::client {

namespace {

/// Of the calls that the machine makes by itself; no caller's id is as high.
constexpr call_id first_own_call = call_id{1} << 63;

} // namespace

error ended_session_error() {
  auto why = make_error(error_code::session_expired, "the client's session has ended");
  why.known = outcome::not_applied;
  return why;
}

void client_machine::on_closing(const event& input, const session_closing& what, effects& out) {
  if (ending_)
    return;
  std::vector<call_id> open;
  for (const auto& [id, asked] : calls_)
    open.push_back(id);
  std::sort(open.begin(), open.end());
  for (const auto id : open)
    give_up(calls_.at(id), ended_session_error(), out);
  ending_.emplace();
  ending_->until = input.now + what.patience_ms;
}

/// What its outcome says of the claim that a call was about.
void client_machine::note_claim(const call& asked, const outcome_of_call& how) {
  const auto code = how.problem.code;
  if (const auto* wanted = std::get_if<acquire_call>(&asked.what)) {
    if (code != error_code::ok && how.problem.known == outcome::not_applied)
      claims_.forget(wanted->claim);
  } else if (const auto* given = std::get_if<release_call>(&asked.what)) {
    if (code == error_code::ok || code == error_code::not_found)
      claims_.forget(given->claim);
  } else if (const auto* kept = std::get_if<keep_call>(&asked.what)) {
    if (code == error_code::fenced)
      claims_.forget(kept->claim);
  }
}

std::optional<partition_id>
client_machine::partition_of(const session_claims::place& where) const {
  if (!map_)
    return std::nullopt;
  const auto space = map_->spaces.find(where.space);
  const auto* range
    = space == map_->spaces.end() ? nullptr : map_->range_of(space->second, where.key);
  return range ? std::optional{range->partition} : std::nullopt;
}

/// One question to each partition that hasn't one: also to where a claim has moved meanwhile.
void client_machine::end_where_claimed(const event& input, effects& out) {
  if (!ending_ || ending_->is_over)
    return;
  claims_.forget_if([&](const auto& where) { return !partition_of(where); });
  std::map<partition_id, session_claims::place> wanted;
  if (input.now < ending_->until)
    for (const auto& [claim, where] : claims_.all())
      wanted.emplace(*partition_of(where), where);
  for (const auto& [id, partition] : ending_->told)
    wanted.erase(partition);
  for (const auto& [partition, where] : wanted) {
    const auto id = first_own_call + ++ending_->asked;
    ending_->told[id] = partition;
    called what{id, end_call{where.space, where.key},
                static_cast<std::uint32_t>(ending_->until - input.now), std::nullopt, {}};
    route(open(input, what), input, out);
  }
  if (!ending_->told.empty())
    return;
  ending_->is_over = true;
  out.push_back(session_ended{});
}

/// However it ended: of what couldn't be told in time the leases know.
void client_machine::on_end_told(const call& told) {
  const auto& where = std::get<end_call>(told.what);
  const auto asked = ending_->told.at(told.id);
  ending_->told.erase(told.id);
  claims_.forget_if([&](const auto& each) {
    return partition_of(each) == asked || partition_of(each) == told.partition
           || (each.space == where.space && each.key == where.key);
  });
}

} // namespace present::client
