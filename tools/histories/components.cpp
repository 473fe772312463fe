#include "tools/histories/components.hpp"

#include <algorithm>

namespace present::histories {

namespace {

constexpr std::uint32_t still_open = 0xffffffff;

} // namespace

component_search::component_search(const dependency_graph& graph)
    : graph_(graph),
      asked_(graph.nodes()),
      entered_(graph.nodes()),
      lowest_(graph.nodes()),
      number_(graph.nodes()) {}

void component_search::number(std::span<const std::uint32_t> nodes,
                              dependency_kinds kinds) {
  ++round_;
  clock_ = 0;
  count_ = 0;
  for (const auto node : nodes) {
    asked_[node] = round_;
    entered_[node] = 0;
  }
  for (const auto node : nodes)
    if (entered_[node] == 0)
      search_from(node, kinds);
}

void component_search::search_from(std::uint32_t root, dependency_kinds kinds) {
  enter(root);
  while (!path_.empty()) {
    auto& [node, next] = path_.back();
    const auto out = graph_.from(node);
    if (next == out.size()) {
      leave(node);
      continue;
    }
    const auto& [to, key, length, kind] = out[next++];
    if ((kinds & only(kind)) == 0 || !was_asked(to))
      continue;
    if (entered_[to] == 0)
      enter(to);
    else if (number_[to] == still_open)
      lowest_[node] = std::min(lowest_[node], entered_[to]);
  }
}

void component_search::enter(std::uint32_t node) {
  entered_[node] = lowest_[node] = ++clock_;
  number_[node] = still_open;
  open_.push_back(node);
  path_.push_back({node, 0});
}

void component_search::leave(std::uint32_t node) {
  path_.pop_back();
  if (!path_.empty()) {
    auto& before = lowest_[path_.back().node];
    before = std::min(before, lowest_[node]);
  }
  if (lowest_[node] != entered_[node])
    return;
  while (number_[node] == still_open) {
    number_[open_.back()] = count_;
    open_.pop_back();
  }
  ++count_;
}

} // namespace present::histories
