#include "tools/histories/cycles.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>

namespace present::histories {

namespace {

constexpr auto ww = only(dependency_kind::ww);
constexpr auto wr = only(dependency_kind::wr);
constexpr auto rw = only(dependency_kind::rw);
constexpr auto real_time = only(dependency_kind::real_time);
constexpr auto then = only(dependency_kind::then);

/// A kind of cycle: one dependency that it can't do without, and a way back
/// from where that leads.
struct cycle_form {
  dependency_kinds closing = 0;
  dependency_kinds way_back = 0;
};

/// The worst first. Whatever a form finds, none of those before it would have.
constexpr std::array<cycle_form, 8> forms{{
    {ww, ww | then},
    {wr, ww | wr | then},
    {rw, ww | wr | then},
    {rw, ww | wr | rw | then},
    {ww, ww | real_time | then},
    {wr, ww | wr | real_time | then},
    {rw, ww | wr | real_time | then},
    {rw, ww | wr | rw | real_time | then},
}};

/// Shortest ways among the nodes of one component. Dependencies count 1, `then`
/// 0.
class way_finder {
public:
  way_finder(const dependency_graph& graph, std::size_t max_steps)
      : graph_(graph), found_(graph.nodes()), left_(max_steps) {}

  bool is_spent() const { return left_ == 0; }

  /// Is `to` fewer than `bound` away from `from`? Then `way` is how. Only nodes
  /// count whose number is that of `to` or higher: no other leads there.
  bool find(std::uint32_t from, std::uint32_t to, dependency_kinds kinds,
            const component_search& numbers, std::size_t bound) {
    ++round_;
    todo_.clear();
    reach(from, {from, 0, 0});
    while (!todo_.empty() && left_ > 0) {
      const auto node = todo_.front();
      todo_.pop_front();
      if (found_[node].is_done == round_)
        continue;
      found_[node].is_done = round_;
      if (node == to)
        return true;
      const auto out = graph_.from(node);
      for (std::uint32_t place = 0; place < out.size() && left_ > 0; ++place) {
        --left_;
        const auto& one = out[place];
        if ((kinds & only(one.kind)) == 0 || !numbers.was_asked(one.to)
            || numbers[one.to] < numbers[to])
          continue;
        const auto distance = found_[node].distance
                            + (one.kind == dependency_kind::then ? 0 : 1);
        if (distance < bound)
          reach(one.to, {node, place, distance});
      }
    }
    return false;
  }

  /// The dependencies of the way found last, `then` among them, each with where
  /// it comes from.
  std::vector<cycle_step> way(std::uint32_t from, std::uint32_t to) const {
    std::vector<cycle_step> steps;
    for (auto node = to; node != from; node = found_[node].before)
      steps.push_back({found_[node].before,
                       graph_.from(found_[node].before)[found_[node].place]});
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

private:
  struct arrival {
    std::uint32_t before = 0;
    std::uint32_t place = 0; ///< among the dependencies of the node before
    std::size_t distance = 0;
    std::uint32_t is_reached = 0; ///< in which round
    std::uint32_t is_done = 0;
  };

  void reach(std::uint32_t node, const arrival& how) {
    auto& known = found_[node];
    if (known.is_reached == round_ && known.distance <= how.distance)
      return;
    const auto is_further
        = how.before != node && found_[how.before].distance < how.distance;
    known = how;
    known.is_reached = round_;
    if (is_further)
      todo_.push_back(node);
    else
      todo_.push_front(node);
  }

  const dependency_graph& graph_;
  std::vector<arrival> found_;
  std::deque<std::uint32_t> todo_;
  std::uint32_t round_ = 0;
  std::size_t left_;
};

/// From transaction to transaction: the nodes between fall away.
std::vector<cycle_step> joined(const dependency_graph& graph,
                               const std::vector<cycle_step>& steps) {
  std::vector<cycle_step> some;
  for (const auto& one : steps)
    if (graph.is_transaction(one.from))
      some.push_back(one);
    else
      some.back().what.to = one.what.to;
  return some;
}

class cycle_search {
public:
  cycle_search(const dependency_graph& graph, std::size_t max_steps)
      : graph_(graph),
        parts_(graph),
        numbers_(graph),
        ways_(graph, max_steps),
        unbounded_(graph, std::numeric_limits<std::size_t>::max()) {}

  std::vector<cycle> run() {
    std::vector<std::uint32_t> all(graph_.nodes());
    for (std::uint32_t node = 0; node < all.size(); ++node)
      all[node] = node;
    numbers_.number(all, 0xff);
    std::vector<std::vector<std::uint32_t>> parts(numbers_.count());
    for (const auto node : all)
      parts[numbers_[node]].push_back(node);
    std::erase_if(parts, [](const auto& part) { return part.size() < 2; });
    std::sort(parts.begin(), parts.end());
    for (const auto& part : parts)
      look_at(part);
    return std::move(found_);
  }

private:
  void look_at(const std::vector<std::uint32_t>& part) {
    for (const auto& form : forms)
      if (auto steps = shortest(part, form); !steps.empty()) {
        found_.push_back({kind_of(steps), std::move(steps)});
        return;
      }
    found_.push_back(any_cycle(part));
  }

  /// The steps ran out.
  cycle any_cycle(const std::vector<std::uint32_t>& part) {
    numbers_.number(part, 0xff);
    const auto from
        = part.front(); // a transaction: they have the lowest numbers
    const auto out = graph_.from(from);
    const auto next = std::find_if(
        out.begin(), out.end(), [&](const dependency& one) {
          return numbers_.was_asked(one.to)
              && unbounded_.find(one.to, from, 0xff, numbers_, graph_.nodes());
        });
    auto steps = closed(from, *next, unbounded_);
    return {kind_of(steps), std::move(steps)};
  }

  std::vector<cycle_step> shortest(const std::vector<std::uint32_t>& part,
                                   const cycle_form& form) {
    parts_.number(part, form.closing | form.way_back);
    numbers_.number(part, form.way_back);
    std::vector<cycle_step> best;
    auto bound = graph_.nodes();
    for (const auto from : part)
      for (const auto& closing : graph_.from(from)) {
        if ((form.closing & only(closing.kind)) == 0
            || !parts_.was_asked(closing.to)
            || parts_[closing.to] != parts_[from] || ways_.is_spent())
          continue;
        if (!ways_.find(closing.to, from, form.way_back, numbers_, bound))
          continue;
        best = closed(from, closing, ways_);
        bound = best.size() - 1; // of the way back
        if (best.size() <= 2)
          return best;
      }
    if (ways_.is_spent())
      shorten(best, form);
    return best;
  }

  /// What the steps didn't reach to may go through the same transactions.
  void shorten(std::vector<cycle_step>& best, const cycle_form& form) {
    constexpr std::size_t most_looked_at = 32;
    const auto steps = best;
    for (std::size_t place = 0; place < std::min(steps.size(), most_looked_at);
         ++place) {
      const auto from = steps[place].from;
      for (const auto& closing : graph_.from(from))
        if ((form.closing & only(closing.kind)) != 0
            && numbers_.was_asked(closing.to)
            && unbounded_.find(closing.to, from, form.way_back, numbers_,
                               best.size() - 1))
          best = closed(from, closing, unbounded_);
    }
  }

  std::vector<cycle_step> closed(std::uint32_t from, const dependency& first,
                                 const way_finder& ways) const {
    std::vector<cycle_step> steps{{from, first}};
    const auto back = ways.way(first.to, from);
    steps.insert(steps.end(), back.begin(), back.end());
    return joined(graph_, steps);
  }

  const dependency_graph& graph_;
  component_search parts_;   ///< with all that a form may have
  component_search numbers_; ///< with what its way back may have
  way_finder ways_;
  way_finder unbounded_;
  std::vector<cycle> found_;
};

} // namespace

anomaly_kind kind_of(const std::vector<cycle_step>& steps) {
  const auto count = [&](dependency_kind kind) {
    return std::count_if(
        steps.begin(), steps.end(),
        [&](const cycle_step& one) { return one.what.kind == kind; });
  };
  const bool takes_time = count(dependency_kind::real_time) > 0;
  if (count(dependency_kind::rw) > 1)
    return takes_time ? anomaly_kind::g2_item_realtime
                      : anomaly_kind::g2_item_write_skew;
  if (count(dependency_kind::rw) == 1)
    return takes_time ? anomaly_kind::g_single_realtime
                      : anomaly_kind::g_single_read_skew;
  if (count(dependency_kind::wr) > 0)
    return takes_time ? anomaly_kind::g1c_realtime
                      : anomaly_kind::g1c_circular_information;
  return takes_time ? anomaly_kind::g0_realtime : anomaly_kind::g0_write_cycle;
}

std::vector<cycle> find_cycles(const dependency_graph& graph,
                               std::size_t max_steps) {
  return cycle_search{graph, max_steps}.run();
}

} // namespace present::histories
