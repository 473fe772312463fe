#include "actors/partition/open_requests.hpp"

#include "runtime/base/check.hpp"

#include <utility>

namespace present::partition {

void open_request::answer_place(std::uint32_t place, answer given) {
  check(fates[place] != waits_for::nothing, "I4: an operation is answered twice");
  fates[place] = waits_for::nothing;
  given.id = what->operations[place].id;
  reply.answers[place] = std::move(given);
  --open;
}

open_request& open_requests::open(request_tag tag,
                                  std::shared_ptr<const request> what,
                                  time_ms deadline) {
  const auto [found, is_new] = requests_.try_emplace(tag);
  check(is_new, "I4: a tag is used twice");
  auto& opened = found->second.request;
  opened.open = what->operations.size();
  opened.fates.resize(opened.open, waits_for::batch);
  opened.reply.answers.resize(opened.open);
  opened.what = std::move(what);
  // Nearly all ask for the same patience, so the new one is nearly always last.
  found->second.deadline = deadlines_.emplace_hint(deadlines_.end(), deadline, tag);
  return opened;
}

open_request* open_requests::find(request_tag tag) {
  const auto found = requests_.find(tag);
  return found == requests_.end() ? nullptr : &found->second.request;
}

response open_requests::close(request_tag tag) {
  const auto found = requests_.find(tag);
  auto reply = std::move(found->second.request.reply);
  deadlines_.erase(found->second.deadline);
  requests_.erase(found);
  return reply;
}

void open_requests::hasten(time_ms latest) {
  for (auto later = deadlines_.upper_bound(latest); later != deadlines_.end();) {
    auto moved = deadlines_.extract(later++);
    moved.key() = latest;
    const auto place = deadlines_.insert(std::move(moved)); // before `later`
    requests_.at(place->second).deadline = place;
  }
}

std::optional<request_tag> open_requests::late(time_ms now) const {
  if (deadlines_.empty() || deadlines_.begin()->first > now)
    return std::nullopt;
  return deadlines_.begin()->second;
}

std::optional<time_ms> open_requests::next_deadline() const {
  if (deadlines_.empty())
    return std::nullopt;
  return deadlines_.begin()->first;
}

} // namespace present::partition
