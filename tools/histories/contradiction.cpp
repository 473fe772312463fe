#include "tools/histories/contradiction.hpp"

#include "tools/histories/judge.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace present::histories {

namespace {

using operations = std::vector<operation>;

/// Operations that may be judged in all: what is asked for is few, not fewest.
constexpr std::size_t patience = 300'000;
/// And what is hard to decide isn't kept.
constexpr std::size_t configurations_each = 2;
constexpr std::size_t configurations_at_least = 10'000;

/// Without effect, whatever the order: taking it away leaves the others be.
bool is_observer(const operation& one) {
  const auto* swap = std::get_if<cas>(&one.what);
  return is_read(one.what) || (swap && one.returned && !swap->wrote);
}

/// It needs some other value to be there, whichever.
bool is_mismatch(const operation& one) {
  return std::holds_alternative<cas>(one.what) && is_observer(one);
}

class thinning {
public:
  explicit thinning(operations history) : kept_(std::move(history)) {}

  /// Goes on with `some` of it if they still contradict each other.
  bool try_with(operations some) {
    if (!is_bad(some))
      return false;
    kept_ = std::move(some);
    return true;
  }

  /// Up to the first moment at which it can't be right any more.
  void cut_off() {
    std::vector<std::uint64_t> moments;
    for (const auto& one : kept_)
      if (one.returned)
        moments.push_back(*one.returned);
    std::sort(moments.begin(), moments.end());
    const auto first_bad = std::partition_point(
      moments.begin(), moments.end(),
      [&](std::uint64_t moment) { return !is_bad(until(moment)); });
    if (first_bad != moments.end())
      kept_ = until(*first_bad);
  }

  /// Takes away what it can of `parts` things, half of them at a time, then fewer.
  /// `without(gone)` is what is left without the things marked.
  void thin_out(std::size_t parts,
                const std::function<operations(const std::vector<bool>&)>& without) {
    std::vector<bool> gone(parts);
    for (auto size = (parts + 1) / 2; size > 0; size = size == 1 ? 0 : (size + 1) / 2)
      for (std::size_t first = 0; first < parts; first += size) {
        auto tried = gone;
        std::fill(tried.begin() + static_cast<std::ptrdiff_t>(first),
                  tried.begin() + static_cast<std::ptrdiff_t>(std::min(first + size, parts)),
                  true);
        if (tried != gone && is_bad(without(tried)))
          gone = tried;
      }
    kept_ = without(gone);
  }

  const operations& kept() const { return kept_; }

private:
  bool is_bad(const operations& history) {
    if (judged_ > patience)
      return false;
    judged_ += history.size() + 1;
    const auto bound = configurations_at_least + configurations_each * history.size();
    return judge_key(history, {.max_configurations = bound}) == ruling::violated;
  }

  operations until(std::uint64_t moment) const {
    operations left;
    for (const auto& one : kept_) {
      const auto is_over = one.returned && *one.returned <= moment;
      if (one.called > moment || (!is_over && is_observer(one)))
        continue;
      left.push_back(one);
      if (!is_over)
        left.back().returned.reset();
    }
    return left;
  }

  operations kept_;
  std::size_t judged_ = 0;
};

/// Values that a compare-and-set ties together have one life.
class value_groups {
public:
  using value = std::optional<std::string>;

  explicit value_groups(const operations& all) {
    for (const auto& one : all)
      if (const auto* swap = std::get_if<cas>(&one.what))
        parents_[root_of(number_of(swap->expected))] = root_of(number_of(swap->value));
      else
        number_of(value_of(one.what));
  }

  static const value& value_of(const action& what) {
    if (const auto* read = std::get_if<get>(&what))
      return read->found;
    if (const auto* write = std::get_if<put>(&what))
      return write->value;
    return std::get<cas>(what).value;
  }

  std::size_t count() const { return parents_.size(); }
  std::size_t group_of(const action& what) { return root_of(number_of(value_of(what))); }

private:
  std::size_t number_of(const value& what) {
    const auto [there, is_new] = numbers_.try_emplace(what, parents_.size());
    if (is_new)
      parents_.push_back(parents_.size());
    return there->second;
  }
  std::size_t root_of(std::size_t number) {
    while (parents_[number] != number)
      number = parents_[number] = parents_[parents_[number]];
    return number;
  }

  std::map<value, std::size_t> numbers_;
  std::vector<std::size_t> parents_;
};

/// A place in the history, in operations before and after it.
struct neighbourhood {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  neighbourhood(const operations& all, std::uint64_t suspect, std::size_t reach) {
    std::vector<std::uint64_t> calls;
    for (const auto& one : all)
      calls.push_back(one.called);
    std::sort(calls.begin(), calls.end());
    const auto middle = static_cast<std::size_t>(
      std::lower_bound(calls.begin(), calls.end(), suspect) - calls.begin());
    first = calls[middle < reach ? 0 : middle - reach];
    last = calls[std::min(middle + reach, calls.size() - 1)];
  }
  bool has(const operation& one) const { return one.called >= first && one.called <= last; }
};

/// What is near, and all that has to do with the values there, whenever.
operations values_near(const operations& all, const neighbourhood& near) {
  value_groups groups{all};
  std::vector<bool> touched(groups.count());
  for (const auto& one : all)
    if (near.has(one))
      touched[groups.group_of(one.what)] = true;
  operations some;
  for (const auto& one : all)
    if (touched[groups.group_of(one.what)] && !is_mismatch(one))
      some.push_back(one);
  return some;
}

/// All writes, but only those reads that are near.
operations observers_near(const operations& all, const neighbourhood& near) {
  operations some;
  for (const auto& one : all)
    if (!is_observer(one) || near.has(one))
      some.push_back(one);
  return some;
}

void focus(thinning& left, std::uint64_t suspect) {
  constexpr std::size_t first_reach = 8;
  const auto all = left.kept();
  const auto has_values = kind_of(all.front().what) == key_kind::single_value;
  for (auto reach = first_reach; reach < all.size(); reach *= 8) {
    const neighbourhood near{all, suspect, reach};
    if (has_values && left.try_with(values_near(all, near)))
      return;
    if (left.try_with(observers_near(all, near)))
      return;
  }
}

void drop_observers(thinning& left) {
  const auto all = left.kept();
  const auto observers = std::count_if(all.begin(), all.end(), is_observer);
  left.thin_out(static_cast<std::size_t>(observers), [&](const std::vector<bool>& gone) {
    operations some;
    std::size_t observer = 0;
    for (const auto& one : all)
      if (!is_observer(one) || !gone[observer++])
        some.push_back(one);
    return some;
  });
}

void drop_values(thinning& left) {
  const auto all = left.kept();
  if (std::any_of(all.begin(), all.end(), is_mismatch))
    return;
  value_groups groups{all};
  left.thin_out(groups.count(), [&](const std::vector<bool>& gone) {
    operations some;
    for (const auto& one : all)
      if (!gone[groups.group_of(one.what)])
        some.push_back(one);
    return some;
  });
}

/// What an add was told, not the add: the totals after it are made of it.
void forget_totals(thinning& left) {
  const auto all = left.kept();
  const auto was_told = [](const operation& one) {
    const auto* more = std::get_if<add_amount>(&one.what);
    return more && more->total;
  };
  const auto told = std::count_if(all.begin(), all.end(), was_told);
  left.thin_out(static_cast<std::size_t>(told), [&](const std::vector<bool>& gone) {
    auto some = all;
    std::size_t place = 0;
    for (auto& one : some)
      if (was_told(one) && gone[place++])
        std::get<add_amount>(one.what).total.reset();
    return some;
  });
}

void drop_members(thinning& left) {
  const auto all = left.kept();
  std::set<std::string> names;
  for (const auto& one : all)
    if (const auto* read = std::get_if<read_members>(&one.what))
      names.insert(read->members.begin(), read->members.end());
    else
      names.insert(std::get<add_member>(one.what).member);
  const std::vector<std::string> members(names.begin(), names.end());
  left.thin_out(members.size(), [&](const std::vector<bool>& gone) {
    const auto is_gone = [&](const std::string& member) {
      return gone[static_cast<std::size_t>(
        std::lower_bound(members.begin(), members.end(), member) - members.begin())];
    };
    operations some;
    for (const auto& one : all) {
      const auto* more = std::get_if<add_member>(&one.what);
      if (more && is_gone(more->member))
        continue;
      some.push_back(one);
      if (!more)
        std::erase_if(std::get<read_members>(some.back().what).members, is_gone);
    }
    return some;
  });
}

} // namespace

operations contradiction_in(const operations& history, std::uint64_t suspect) {
  thinning left{history};
  focus(left, suspect);
  left.cut_off();
  drop_observers(left);
  if (kind_of(history.front().what) == key_kind::counter)
    forget_totals(left);
  if (kind_of(history.front().what) == key_kind::single_value)
    drop_values(left);
  if (kind_of(history.front().what) == key_kind::set)
    drop_members(left);
  auto found = left.kept();
  std::stable_sort(found.begin(), found.end(), [](const operation& a, const operation& b) {
    return a.called < b.called;
  });
  return found;
}

} // namespace present::histories
