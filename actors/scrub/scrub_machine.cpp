#include "actors/scrub/scrub_machine.hpp"

#include <algorithm>
#include <utility>

namespace present::scrub {

effects scrub_machine::step(const event& input) {
  now_ = std::max(now_, input.now);
  std::visit([this](const auto& what) { on(what); }, input.what);
  if (!under_way_)
    begin_next_step();
  return std::exchange(out_, {});
}

std::optional<time_ms> scrub_machine::next_wake() const {
  if (under_way_ || tasks_.empty())
    return std::nullopt;
  const auto first
    = std::min_element(tasks_.begin(), tasks_.end(), [this](auto& a, auto& b) {
        return due_of(a.second) < due_of(b.second);
      });
  return due_of(first->second);
}

// -- events ------------------------------------------------------------------------

void scrub_machine::on(const began& event) {
  task fresh;
  fresh.life = ++last_life_;
  fresh.what = event.checked ? pass::log : pass::first;
  fresh.due = event.checked ? now_ + options_.pass_pause_ms : now_;
  tasks_.insert_or_assign(event.partition, fresh);
}

void scrub_machine::on(const ended& event) {
  tasks_.erase(event.partition);
}

void scrub_machine::on(const state_read& event) {
  under_way_ = false;
  rows_read_ += event.rows;
  auto* item = find(event.partition, event.life);
  if (!item)
    return; // S4
  if (event.gone)
    return on(ended{event.partition});
  if (!event.damage.empty())
    return give_up(event.partition, finding::damaged_state, event.damage);
  if (item->what != pass::first)
    quiet_until_ = now_ + options_.step_pause_ms;
  if (!event.complete && event.rows == 0)
    item->due = now_ + options_.step_pause_ms; // it can't be read just now
  if (!event.complete)
    return;
  ++passes_;
  item->what = pass::log;
  item->due = now_ + options_.pass_pause_ms;
  item->log_from = {};
  out_.emplace_back(verdict{event.partition, finding::sound, {}});
}

void scrub_machine::on(const log_read& event) {
  under_way_ = false;
  auto* item = find(event.partition, event.life);
  if (!item)
    return; // S4
  if (!event.damage.empty())
    return give_up(event.partition, finding::damaged_log, event.damage);
  quiet_until_ = now_ + options_.step_pause_ms;
  item->log_from = event.next;
  if (event.next == log_index{})
    item->what = pass::state;
}

scrub_machine::task* scrub_machine::find(partition_id partition,
                                         std::uint64_t life) {
  const auto found = tasks_.find(partition);
  return found != tasks_.end() && found->second.life == life ? &found->second
                                                             : nullptr;
}

void scrub_machine::give_up(partition_id partition, finding what,
                            const std::string& why) {
  ++damage_found_;
  tasks_.erase(partition);
  out_.emplace_back(verdict{partition, what, why});
}

// -- what is next ------------------------------------------------------------------

time_ms scrub_machine::due_of(const task& item) const {
  return item.what == pass::first ? item.due : std::max(item.due, quiet_until_);
}

void scrub_machine::begin_next_step() {
  auto chosen = tasks_.end();
  for (auto place = tasks_.begin(); place != tasks_.end(); ++place) {
    if (due_of(place->second) > now_)
      continue;
    const auto rank = [](const task& item) {
      return std::pair{item.what != pass::first, item.due};
    };
    if (chosen == tasks_.end() || rank(place->second) < rank(chosen->second))
      chosen = place;
  }
  if (chosen == tasks_.end())
    return;
  under_way_ = true;
  const auto& [partition, item] = *chosen;
  if (item.what == pass::log)
    out_.emplace_back(
      read_log{partition, item.life, item.log_from, options_.log_bytes_a_step});
  else
    out_.emplace_back(read_state{partition, item.life, options_.rows_a_step});
}

} // namespace present::scrub
