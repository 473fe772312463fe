#include "actors/raft/write_queue.hpp"

#include "actors/raft/mutant.hpp"

#include <utility>

namespace present::raft {

std::uint64_t write_queue::add(hard_state hard, log_position last,
                               log_index base) {
  writes_.push_back({++last_number_, hard, last, base});
  return last_number_;
}

void write_queue::cut(log_index first) {
  if (mutated(mutant::believe_late_write))
    return;
  for (auto& item : writes_)
    if (item.last.index >= first)
      item.last = {};
}

std::deque<write_queue::write> write_queue::complete(std::uint64_t number) {
  std::deque<write> done;
  while (!writes_.empty() && writes_.front().number <= number) {
    durable_ = writes_.front().hard;
    completed_ = writes_.front().number;
    done.push_back(writes_.front());
    writes_.pop_front();
  }
  return done;
}

void write_queue::hold(std::uint64_t until, message what,
                       std::size_t max_held) {
  if (held_.size() >= max_held)
    held_.pop_front();
  held_.push_back({until, std::move(what)});
}

std::deque<message> write_queue::release(std::uint64_t number) {
  std::deque<message> free;
  while (!held_.empty() && held_.front().until <= number) {
    free.push_back(std::move(held_.front().what));
    held_.pop_front();
  }
  return free;
}

} // namespace present::raft
