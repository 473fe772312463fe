#include "actors/client/watch_stream_machine.hpp"

#include "actors/client/key_range.hpp"
#include "storage/digest.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace present::client {

std::string_view to_string(watch_event::kind what) {
  switch (what) {
    case watch_event::kind::started:
      return "started";
    case watch_event::kind::changed:
      return "put";
    case watch_event::kind::removed:
      return "delete";
    case watch_event::kind::progress:
      return "progress";
    case watch_event::kind::ended:
      return "ended";
  }
  return "unknown";
}

namespace watch_stream {

namespace {

/// A question is answered when its time is over; this is for a new leader to be found.
constexpr std::uint32_t answer_margin_ms = 5'000;

/// Which partitions have keys that are watched.
std::set<partition_id> keepers_of(const watch_options& what, const cluster_map& map,
                                  space_id space) {
  std::set<partition_id> keepers;
  if (!what.is_prefix) {
    if (const auto* range = map.range_of(space, what.key))
      keepers.insert(range->partition);
    return keepers;
  }
  const auto wanted = bounds_of({what.key, "", ""});
  for (const auto* range = map.range_of(space, wanted.first); range;
       range = map.range_after(*range)) {
    if (!wanted.last.empty() && range->first >= wanted.last)
      break;
    keepers.insert(range->partition);
  }
  return keepers;
}

/// No later question will be answered otherwise.
bool is_final(const error& why) {
  switch (why.code) {
    case error_code::too_old:
    case error_code::unknown_space:
    case error_code::denied:
    case error_code::unauthenticated:
    case error_code::too_large:
    case error_code::invalid:
      return true;
    default:
      return false;
  }
}

/// Tells watches apart: a token that another one gave would skip changes silently.
std::uint32_t name_of(const watch_options& what) {
  const auto words = what.space + '\0' + (what.is_prefix ? '*' : '=') + what.key;
  const auto hash = static_cast<std::uint32_t>(storage::hash_bytes(words));
  return hash == 0 ? 1 : hash;
}

watch_event event_of(const watched_change& change, const watch_token& token) {
  watch_event told;
  told.is = change.is_removal ? watch_event::kind::removed : watch_event::kind::changed;
  told.key = change.key;
  told.version = change.version;
  told.value = change.value;
  told.token = token;
  return told;
}

} // namespace

machine::machine(const settings& options)
    : options_(options), pacing_({options.seed, 100, 2'000}), token_(options.what.from) {
  token_.of_watch = name_of(options.what);
}

void machine::step(const event& input, effects& out) {
  if (phase_ != phase::ended) // S4
    std::visit([&](const auto& what) { on(input, what, out); }, input.what);
}

std::optional<time_ms> machine::next_wake() const {
  auto wake = map_again_at_;
  for (const auto& [partition, each] : lanes_)
    if (each.is == lane_phase::paused)
      wake = std::min(wake.value_or(each.again_at), each.again_at);
  return phase_ == phase::ended ? std::nullopt : wake;
}

// -- events --------------------------------------------------------------------------

void machine::on(const event&, const begun&, effects& out) {
  out.push_back(ask_map{});
}

void machine::on(const event&, const map_known& what, effects& out) {
  map_failures_ = 0;
  if (phase_ == phase::finding)
    become_placing(*what.map, out);
}

void machine::on(const event& input, const map_failed& what, effects& out) {
  if (is_final(what.why))
    become_ended(what.why, out);
  else
    map_again_at_ = input.now + pacing_.backoff(map_failures_++);
}

void machine::on(const event& input, const answered& what, effects& out) {
  auto& of = lanes_.at(what.partition);
  of.is = lane_phase::idle;
  if (what.how.problem.code == error_code::ok && what.how.given.watched)
    on_page(what.partition, of, *what.how.given.watched, out);
  else
    on_failure(input, of, what.how.problem, out);
}

void machine::on(const event&, const taken& what, effects& out) {
  const auto found = lanes_.find(what.partition);
  if (found == lanes_.end() || found->second.is != lane_phase::delivered)
    return; // of no partition: that it has started
  ask(what.partition, found->second, out);
}

void machine::on(const event& input, const time_passed&, effects& out) {
  if (map_again_at_ && *map_again_at_ <= input.now) {
    map_again_at_.reset();
    out.push_back(ask_map{});
  }
  for (auto& [partition, each] : lanes_)
    if (each.is == lane_phase::paused && each.again_at <= input.now)
      ask(partition, each, out);
}

// -- phases --------------------------------------------------------------------------

void machine::become_placing(const cluster_map& map, effects& out) {
  const auto space = map.spaces.find(options_.what.space);
  if (space == map.spaces.end())
    return become_ended(make_error(error_code::unknown_space,
                                   "there is no space '" + options_.what.space + "'"),
                        out);
  for (const auto partition : keepers_of(options_.what, map, space->second))
    lanes_.emplace(partition, lane{});
  if (auto misfit = misfit_of_token())
    return become_ended(std::move(*misfit), out);
  phase_ = phase::placing;
  if (has_places())
    return become_following(out);
  for (auto& [partition, each] : lanes_)
    ask(partition, each, out);
}

void machine::become_following(effects& out) {
  phase_ = phase::following;
  watch_event told;
  told.is = watch_event::kind::started;
  told.token = token_;
  out.push_back(deliver{{}, {std::move(told)}});
  for (auto& [partition, each] : lanes_)
    ask(partition, each, out);
}

void machine::become_ended(error why, effects& out) {
  phase_ = phase::ended;
  watch_event told;
  told.is = watch_event::kind::ended;
  told.token = token_;
  told.why = std::move(why);
  out.push_back(deliver{{}, {std::move(told)}});
}

/// A place of a partition that has none of these keys, or none of one that has, is from
/// another watch, or the ranges have been moved since.
std::optional<error> machine::misfit_of_token() const {
  if (const auto given = options_.what.from.of_watch; given != 0 && given != token_.of_watch)
    return make_error(error_code::invalid,
                      "from: the token is of another watch: of another space, key or prefix");
  if (token_.places.empty())
    return std::nullopt;
  for (const auto& [partition, place] : token_.places)
    if (!lanes_.contains(partition))
      return make_error(error_code::invalid,
                        "from: the token has a place in partition "
                          + std::to_string(partition.value)
                          + ", which has none of these keys: it is of another watch");
  for (const auto& [partition, each] : lanes_)
    if (!token_.places.contains(partition) && token_.above.value == 0)
      return make_error(error_code::invalid,
                        "from: the token has no place in partition "
                          + std::to_string(partition.value)
                          + ", which has some of these keys: it is of another watch");
  return std::nullopt;
}

/// Without any, all above a version are asked for from the beginning.
bool machine::has_places() const {
  return token_.above.value != 0 || token_.places.size() == lanes_.size();
}

// -- answers -------------------------------------------------------------------------

void machine::on_page(partition_id from, lane& of, const watched_page& page, effects& out) {
  of.failures = 0;
  std::vector<watch_event> events;
  events.reserve(page.changes.size() + 1);
  for (const auto& change : page.changes) {
    token_.places[from] = change.next; // S3
    events.push_back(event_of(change, token_));
  }
  token_.places[from] = page.next;
  if (phase_ == phase::placing) {
    if (has_places())
      become_following(out);
    return;
  }
  if (events.empty()) {
    events.emplace_back().is = watch_event::kind::progress;
    events.back().token = token_;
  }
  of.is = lane_phase::delivered;
  out.push_back(deliver{from, std::move(events)});
}

void machine::on_failure(const event& input, lane& of, error why, effects& out) {
  if (is_final(why))
    return become_ended(std::move(why), out);
  of.is = lane_phase::paused;
  of.again_at = input.now + pacing_.backoff(of.failures++);
}

void machine::ask(partition_id partition, lane& of, effects& out) {
  of.is = lane_phase::asking;
  watch_call call{options_.what.space, partition, {}};
  call.what.key = options_.what.key;
  call.what.is_prefix = options_.what.is_prefix;
  call.what.above = token_.above;
  if (const auto place = token_.places.find(partition); place != token_.places.end())
    call.what.from = place->second;
  call.what.wait_ms = phase_ == phase::placing ? 0 : options_.wait_ms;
  out.push_back(ask_partition{std::move(call), options_.wait_ms + answer_margin_ms});
}

} // namespace watch_stream
} // namespace present::client
