#pragma once

#include "tools/histories/dependency_graph.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace present::histories {

/// Strongly connected components of a part of the graph (Tarjan, "Depth-First
/// Search and Linear Graph Algorithms", 1972; without recursion). Takes time in
/// proportion to that part, and can be asked again and again.
class component_search {
public:
  explicit component_search(const dependency_graph& graph);

  /// Numbers the components of `nodes` with the dependencies of these kinds
  /// among them. A dependency leads to the same or a lower number. The numbers
  /// hold until the next call.
  void number(std::span<const std::uint32_t> nodes, dependency_kinds kinds);

  /// Of a node that was asked for.
  std::uint32_t operator[](std::uint32_t node) const { return number_[node]; }
  bool was_asked(std::uint32_t node) const { return asked_[node] == round_; }
  std::uint32_t count() const { return count_; }

private:
  struct visit {
    std::uint32_t node = 0;
    std::uint32_t next = 0; ///< of its dependencies
  };

  void search_from(std::uint32_t root, dependency_kinds kinds);
  void enter(std::uint32_t node);
  void leave(std::uint32_t node);

  const dependency_graph& graph_;
  std::vector<std::uint32_t>
      asked_; ///< the round in which a node was asked for last
  std::vector<std::uint32_t> entered_; ///< when, from 1; 0: not yet
  std::vector<std::uint32_t>
      lowest_; ///< entered, of the open ones it leads back to
  std::vector<std::uint32_t> number_;
  std::vector<std::uint32_t> open_; ///< entered, component not complete
  std::vector<visit> path_;
  std::uint32_t round_ = 0;
  std::uint32_t clock_ = 0;
  std::uint32_t count_ = 0;
};

} // namespace present::histories
