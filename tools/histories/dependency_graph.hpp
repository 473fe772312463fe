#pragma once

#include "tools/histories/list_order.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Which transaction has to come before which, and why. Nodes are the
/// transactions by their place in the history, and after them moments and ends
/// of lists, which only keep the number of dependencies down: "each of these
/// before each of those" is two of a kind and one node instead of their
/// product.
///
///   real time   T ─real_time▶ moment of its return ─then▶ next moment ─then▶ …
///                               └─then▶ each that is called before the next
///                               moment
///   a list      last to append, and those who read all that was seen
///               ─ww, rw▶ end of the list ─then▶ each whose append nobody saw
namespace present::histories {

enum class dependency_kind : std::uint8_t {
  ww,        ///< the next append to a key
  wr,        ///< read as the last of what is there
  rw,        ///< the next append after what was read
  real_time, ///< returned before the other was called
  then, ///< on from a moment or an end of a list; takes the kind it came by
};

using dependency_kinds = std::uint8_t; ///< a set: a bit for each
constexpr dependency_kinds only(dependency_kind one) {
  return static_cast<dependency_kinds>(1U << static_cast<unsigned>(one));
}

struct dependency {
  std::uint32_t to = 0;
  std::uint32_t key = 0; ///< ww, wr, rw: place in `list_orders::keys`
  std::uint32_t length
      = 0; ///< of the list, as far as seen, before what comes later
  dependency_kind kind = dependency_kind::then;
};

class dependency_graph {
public:
  dependency_graph(const std::vector<transaction>& history,
                   const list_orders& orders);

  std::size_t transactions() const { return transactions_; }
  std::size_t nodes() const { return first_.size() - 1; }
  std::size_t size() const { return dependencies_.size(); }
  bool is_transaction(std::uint32_t node) const { return node < transactions_; }
  std::span<const dependency> from(std::uint32_t node) const {
    return {dependencies_.data() + first_[node],
            dependencies_.data() + first_[node + 1]};
  }

private:
  struct edge {
    std::uint32_t from = 0;
    dependency what;
  };

  void add(std::uint32_t from, dependency what);
  void add_list(std::uint32_t key, const list_orders& orders);
  void add_reads(std::uint32_t key, const list_order& order,
                 const std::vector<bool>& counts);
  void add_end(std::uint32_t key, const list_order& order,
               std::optional<std::uint32_t> last);
  void add_real_time(const std::vector<transaction>& history,
                     const list_orders& orders);
  void sort_edges();

  std::size_t transactions_ = 0;
  std::uint32_t next_node_ = 0;
  std::vector<edge> edges_; ///< while it is being built
  std::vector<std::uint32_t> first_;
  std::vector<dependency> dependencies_;
};

} // namespace present::histories
