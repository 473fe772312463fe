#include "actors/partition/request_traces.hpp"

#include <algorithm>
#include <string>

namespace present::partition {

namespace {

/// The first thing that went wrong; ok if nothing did.
error_code problem_in(const response& given) {
  if (given.failure.code != error_code::ok)
    return given.failure.code;
  const auto bad
    = std::find_if(given.answers.begin(), given.answers.end(),
                   [](const answer& one) { return one.code != error_code::ok; });
  return bad == given.answers.end() ? error_code::ok : bad->code;
}

} // namespace

bool request_traces::begin(request_tag tag, const observe::trace_context& parent,
                           partition_id partition, const request& what) {
  if (!to_ || !parent.sampled || open_.size() >= max_open)
    return false;
  const bool writes = std::any_of(what.operations.begin(), what.operations.end(),
                                  [](const operation& one) { return !one.is_read(); });
  auto& made = open_[tag];
  made.whole = to_->start("partition", parent);
  made.whole.set("partition", std::to_string(partition.value));
  made.whole.set("operations", std::to_string(what.operations.size()));
  made.stage = to_->start(writes ? "gather" : "confirm read", made.whole.context());
  return true;
}

void request_traces::on_stage(const stage_reached& what, std::uint64_t turn_began_ns) {
  const auto found = open_.find(what.tag);
  if (found == open_.end())
    return;
  auto& one = found->second;
  const auto& parent = one.whole.context();
  switch (what.stage) {
    case request_stage::logged:
      one.stage = to_->start("commit", parent);
      // The write that has the entry left in the turn before this one.
      one.write = last_write_;
      if (one.write > last_written_)
        one.journal = to_->start("journal", one.stage.context());
      break;
    case request_stage::applied: {
      one.stage.finish_at(turn_began_ns);
      auto apply = to_->start("apply", parent);
      apply.began_at(turn_began_ns);
      break;
    }
    case request_stage::confirmed:
      one.stage.finish();
      break;
  }
}

void request_traces::on_written(std::uint64_t number) {
  last_written_ = number;
  for (auto& [tag, one] : open_)
    if (one.write != 0 && one.write <= number)
      one.journal.finish();
}

void request_traces::end(request_tag tag, const response& given) {
  const auto found = open_.find(tag);
  if (found == open_.end())
    return;
  found->second.whole.fail(problem_in(given));
  for (const auto& one : given.answers)
    if (one.conflict) { // the first that was met says what kind of request it was
      found->second.whole.set("conflict", to_string(one.conflict->because));
      found->second.whole.set("conflict.outcome", to_string(one.conflict->then));
      break;
    }
  // From the inside out, as they were begun.
  found->second.journal.finish();
  found->second.stage.finish();
  open_.erase(found);
}

} // namespace present::partition
