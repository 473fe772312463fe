#include "tools/histories/transaction_judge.hpp"

#include "tools/histories/cycles.hpp"
#include "tools/histories/dependency_graph.hpp"
#include "tools/histories/list_order.hpp"

#include <algorithm>
#include <limits>

namespace present::histories {

namespace {

constexpr std::array<std::string_view, anomaly_kinds> names{
    "internal",
    "duplicate-elements",
    "unwritten-read",
    "incompatible-order",
    "G1a",
    "G1b",
    "lost-append",
    "G0",
    "G1c",
    "G-single",
    "G2-item",
    "G0-realtime",
    "G1c-realtime",
    "G-single-realtime",
    "G2-item-realtime"};

status check_history(const std::vector<transaction>& history) {
  if (history.size() >= std::numeric_limits<std::uint32_t>::max() / 4)
    return make_error(error_code::invalid,
                      "more transactions than can be judged");
  for (std::size_t place = 0; place < history.size(); ++place)
    if (history[place].how != ending::unknown
        && history[place].returned < history[place].called)
      return make_error(error_code::invalid,
                        name_of(place) + " returns before it is called");
  return success();
}

/// What the steps of a cycle say, for people.
class story_teller {
public:
  story_teller(const std::vector<transaction>& history,
               const list_orders& orders)
      : history_(history), orders_(orders) {}

  anomaly tell(const cycle& one) const {
    anomaly told;
    told.what = one.what;
    for (const auto& step : one.steps)
      told.transactions.push_back(step.from);
    for (const auto& step : one.steps)
      told.story.push_back(sentence(step) + ": so " + name_of(step.from)
                           + " is before " + name_of(step.what.to));
    told.key = key_of_all(one);
    return told;
  }

private:
  std::string sentence(const cycle_step& step) const {
    const auto before = name_of(step.from);
    const auto after = name_of(step.what.to);
    if (step.what.kind == dependency_kind::real_time)
      return before + " returned at "
           + std::to_string(history_[step.from].returned) + ", " + after
           + " was called at " + std::to_string(history_[step.what.to].called);
    const auto& order = orders_.keys[step.what.key];
    const std::string key{order.key};
    const auto length = step.what.length;
    if (step.what.kind == dependency_kind::wr)
      return after + " read " + key + ' ' + beginning(order, length)
           + ", where " + before + " had appended "
           + std::to_string(order.seen[length - 1]);
    const auto later = after + " appended " + what_comes(order, step);
    if (step.what.kind == dependency_kind::rw)
      return before + " read " + key + ' ' + beginning(order, length)
           + ", to which " + later;
    return before + " appended " + last_of(order, step.from, length) + " to "
         + key + ", after which " + later;
  }

  static std::string beginning(const list_order& order, std::size_t length) {
    return in_words({order.seen.begin(),
                     order.seen.begin() + static_cast<std::ptrdiff_t>(length)});
  }

  /// The next that was seen of the later transaction; if nothing was, its
  /// append that was in nobody's read.
  std::string what_comes(const list_order& order,
                         const cycle_step& step) const {
    for (std::size_t place = step.what.length; place < order.seen.size();
         ++place)
      if (is_from(order, order.seen[place], step.what.to))
        return std::to_string(order.seen[place]);
    for (const auto& what : history_[step.what.to].actions)
      if (const auto* more = std::get_if<append_value>(&what);
          more && more->key == order.key
          && std::find(order.seen.begin(), order.seen.end(), more->value)
                 == order.seen.end())
        return std::to_string(more->value) + ", which is in nobody's read";
    return "more";
  }

  static std::string last_of(const list_order& order, std::uint32_t writer,
                             std::size_t length) {
    while (length > 0)
      if (is_from(order, order.seen[--length], writer))
        return std::to_string(order.seen[length]);
    return "a value";
  }

  static bool is_from(const list_order& order, std::int64_t value,
                      std::uint32_t writer) {
    const auto source = order.sources.find(value);
    return source != order.sources.end()
        && source->second.transaction == writer;
  }

  std::string key_of_all(const cycle& one) const {
    std::optional<std::uint32_t> key;
    for (const auto& step : one.steps) {
      if (step.what.kind == dependency_kind::real_time)
        continue;
      if (key && *key != step.what.key)
        return {};
      key = step.what.key;
    }
    return key ? std::string{orders_.keys[*key].key} : std::string{};
  }

  const std::vector<transaction>& history_;
  const list_orders& orders_;
};

void count_endings(const std::vector<transaction>& history,
                   transaction_verdict& made) {
  made.transactions = history.size();
  for (const auto& one : history)
    ++(one.how == ending::committed ? made.committed
       : one.how == ending::aborted ? made.aborted
                                    : made.unknown);
}

} // namespace

std::string_view to_string(anomaly_kind what) {
  return names[static_cast<std::size_t>(what)];
}

result<transaction_verdict> judge_transactions(
    const std::vector<transaction>& history,
    const transaction_judge_options& options) {
  if (auto sound = check_history(history); !sound)
    return sound.problem();
  auto orders = orders_in(history, options.told_of_each_kind);
  if (!orders)
    return orders.problem();
  const dependency_graph graph{history, *orders};
  const auto cycles = find_cycles(graph, options.max_steps);
  transaction_verdict made;
  count_endings(history, made);
  made.unknown_seen = orders->unknown_seen;
  made.keys = orders->keys.size();
  made.dependencies = graph.size();
  made.counts = orders->counts;
  made.anomalies = std::move(orders->anomalies);
  const story_teller teller{history, *orders};
  for (const auto& one : cycles)
    if (made.counts[static_cast<std::size_t>(one.what)]++
        < options.told_of_each_kind)
      made.anomalies.push_back(teller.tell(one));
  std::stable_sort(
      made.anomalies.begin(), made.anomalies.end(),
      [](const anomaly& a, const anomaly& b) { return a.what < b.what; });
  return made;
}

} // namespace present::histories
