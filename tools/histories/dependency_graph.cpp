#include "tools/histories/dependency_graph.hpp"

#include <algorithm>
#include <unordered_set>

namespace present::histories {

dependency_graph::dependency_graph(const std::vector<transaction>& history,
                                   const list_orders& orders)
    : transactions_(history.size()),
      next_node_(static_cast<std::uint32_t>(history.size())) {
  for (std::uint32_t key = 0; key < orders.keys.size(); ++key)
    add_list(key, orders);
  add_real_time(history, orders);
  sort_edges();
}

void dependency_graph::add(std::uint32_t from, dependency what) {
  if (from != what.to)
    edges_.push_back({from, what});
}

void dependency_graph::add_list(std::uint32_t key, const list_orders& orders) {
  const auto& order = orders.keys[key];
  std::optional<std::uint32_t> last;
  for (std::uint32_t length = 0; length < order.seen.size(); ++length) {
    const auto source = order.sources.find(order.seen[length]);
    if (source == order.sources.end()
        || !orders.took_effect[source->second.transaction])
      continue; // an anomaly by itself
    const auto next = source->second.transaction;
    if (last)
      add(*last, {next, key, length, dependency_kind::ww});
    last = next;
  }
  add_reads(key, order, orders.took_effect);
  if (!order.unseen.empty())
    add_end(key, order, last);
}

void dependency_graph::add_reads(std::uint32_t key, const list_order& order,
                                 const std::vector<bool>& counts) {
  const auto writer = [&](std::size_t place) {
    const auto source = order.sources.find(order.seen[place]);
    return source != order.sources.end() && counts[source->second.transaction]
             ? &source->second
             : nullptr;
  };
  for (const auto& [reader, length] : order.reads) {
    const auto so_far = static_cast<std::uint32_t>(length);
    if (length > 0)
      if (const auto* before = writer(length - 1))
        add(before->transaction, {reader, key, so_far, dependency_kind::wr});
    for (auto place = length; place < order.seen.size(); ++place)
      if (const auto* after = writer(place)) {
        add(reader, {after->transaction, key, so_far, dependency_kind::rw});
        break;
      }
  }
}

/// Who read all that was seen, or was the last to append to it, comes before
/// those whose append nobody saw. One that is among those itself can't go by
/// way of the end, for it would come before itself; in a good history a list
/// has at most two of these.
void dependency_graph::add_end(std::uint32_t key, const list_order& order,
                               std::optional<std::uint32_t> last) {
  const auto length = static_cast<std::uint32_t>(order.seen.size());
  const std::unordered_set<std::uint32_t> unseen(order.unseen.begin(),
                                                 order.unseen.end());
  const auto end = next_node_++;
  for (const auto after : order.unseen)
    add(end, {after, key, length, dependency_kind::then});
  std::size_t among_them = 0;
  const auto add_before = [&](std::uint32_t from, dependency_kind kind) {
    constexpr std::size_t enough = 4; // two that both come first are a cycle
    if (!unseen.contains(from))
      add(from, {end, key, length, kind});
    else if (++among_them <= enough)
      for (const auto after : order.unseen)
        add(from, {after, key, length, kind});
  };
  if (last)
    add_before(*last, dependency_kind::ww);
  for (const auto& [reader, read] : order.reads)
    if (read == length)
      add_before(reader, dependency_kind::rw);
}

void dependency_graph::add_real_time(const std::vector<transaction>& history,
                                     const list_orders& orders) {
  std::vector<std::uint64_t> moments;
  for (std::size_t place = 0; place < history.size(); ++place)
    if (history[place].how == ending::committed)
      moments.push_back(history[place].returned);
  std::sort(moments.begin(), moments.end());
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  const auto first = next_node_;
  next_node_ += static_cast<std::uint32_t>(moments.size());
  for (auto moment = first; moment + 1 < next_node_; ++moment)
    add(moment, {moment + 1, 0, 0, dependency_kind::then});
  for (std::uint32_t place = 0; place < history.size(); ++place) {
    if (!orders.took_effect[place])
      continue;
    const auto& one = history[place];
    const auto before = static_cast<std::uint32_t>(
        std::lower_bound(moments.begin(), moments.end(), one.called)
        - moments.begin());
    if (before > 0)
      add(first + before - 1, {place, 0, 0, dependency_kind::then});
    if (one.how == ending::committed) {
      const auto own = static_cast<std::uint32_t>(
          std::lower_bound(moments.begin(), moments.end(), one.returned)
          - moments.begin());
      add(place, {first + own, 0, 0, dependency_kind::real_time});
    }
  }
}

void dependency_graph::sort_edges() {
  first_.assign(next_node_ + 1, 0);
  for (const auto& one : edges_)
    ++first_[one.from + 1];
  for (std::size_t node = 0; node < next_node_; ++node)
    first_[node + 1] += first_[node];
  dependencies_.resize(edges_.size());
  auto next = first_;
  for (const auto& one : edges_)
    dependencies_[next[one.from]++] = one.what;
  edges_.clear();
  edges_.shrink_to_fit();
}

} // namespace present::histories
