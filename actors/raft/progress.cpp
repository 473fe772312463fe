#include "actors/raft/progress.hpp"

#include <algorithm>

namespace present::raft {

void progress::become_probing(log_index from) {
  state = phase::probing;
  next = from;
  probe_outstanding = false;
  loading = false;
  inflight.clear();
  inflight_bytes = 0;
}

void progress::become_replicating() {
  state = phase::replicating;
  probe_outstanding = false;
}

void progress::become_installing() {
  become_probing(next);
  state = phase::installing;
  mark = {};
  digest = 0;
  offset = 0;
  part_awaited = false;
}

void progress::on_sent(log_index last, std::size_t bytes) {
  next = present::next(last);
  inflight.push_back({last, bytes});
  inflight_bytes += bytes;
}

void progress::on_matched(log_index index) {
  matched = std::max(matched, index);
  next = std::max(next, present::next(index));
  while (!inflight.empty() && inflight.front().last <= index) {
    inflight_bytes -= inflight.front().bytes;
    inflight.pop_front();
  }
}

bool progress::window_full(std::size_t max_messages,
                           std::size_t max_bytes) const {
  return inflight.size() >= max_messages || inflight_bytes >= max_bytes;
}

} // namespace present::raft
