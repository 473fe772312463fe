#include "actors/raft/read_rounds.hpp"

#include "actors/raft/mutant.hpp"

#include <algorithm>

namespace present::raft {

std::uint64_t read_rounds::begin(log_index commit) {
  if (!mutated(mutant::reuse_round_number) || current_ == 0)
    ++current_;
  for (auto& read : gathering_) {
    read.index = std::max(read.index, commit);
    read.round = current_;
    sent_.push_back(read);
  }
  gathering_.clear();
  return current_;
}

std::deque<read_rounds::ready> read_rounds::confirmed(std::uint64_t round) {
  std::deque<ready> result;
  while (!sent_.empty() && sent_.front().round <= round) {
    result.push_back({sent_.front().id, sent_.front().index});
    sent_.pop_front();
  }
  return result;
}

std::deque<ticket> read_rounds::drain() {
  std::deque<ticket> result;
  for (const auto* queue : {&sent_, &gathering_})
    for (const auto& read : *queue)
      result.push_back(read.id);
  sent_.clear();
  gathering_.clear();
  return result;
}

} // namespace present::raft
