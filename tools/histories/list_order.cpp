#include "tools/histories/list_order.hpp"

#include <algorithm>
#include <unordered_set>

namespace present::histories {

namespace {

using list = std::vector<std::int64_t>;

/// A read that fits its own transaction.
struct sound_read {
  std::uint32_t transaction = 0;
  const list* found = nullptr;
  std::size_t own
      = 0; ///< values at its end that its transaction appended itself
  bool is_first = true; ///< of the key, in the transaction
};

bool begins_with(const list& whole, const list& beginning) {
  return whole.size() >= beginning.size()
      && std::equal(beginning.begin(), beginning.end(), whole.begin());
}

bool ends_with(const list& whole, const list& end) {
  return whole.size() >= end.size()
      && std::equal(end.rbegin(), end.rend(), whole.rbegin());
}

std::optional<std::int64_t> repeated_in(const list& found) {
  std::unordered_set<std::int64_t> values;
  for (const auto value : found)
    if (!values.insert(value).second)
      return value;
  return std::nullopt;
}

/// What a transaction knows of a key from itself.
struct own_view {
  std::uint32_t key = 0;
  list appended;
  const list* read = nullptr; ///< its last read of the key
  std::size_t appended_then = 0;
};

class order_finder {
public:
  order_finder(const std::vector<transaction>& history,
               std::size_t told_of_each_kind)
      : history_(history), told_of_each_kind_(told_of_each_kind) {
    made_.took_effect.resize(history.size());
  }

  result<list_orders> find() {
    if (auto known = name_sources(); !known)
      return known.problem();
    for (std::uint32_t place = 0; place < history_.size(); ++place)
      if (history_[place].how == ending::committed) {
        made_.took_effect[place] = true;
        look_inside(place);
      }
    for (std::uint32_t key = 0; key < made_.keys.size(); ++key)
      order(key);
    for (std::uint32_t key = 0; key < made_.keys.size(); ++key)
      find_unseen(key);
    return std::move(made_);
  }

private:
  std::uint32_t key_named(const std::string& name) {
    const auto [found, is_new] = numbers_.try_emplace(
        name, static_cast<std::uint32_t>(made_.keys.size()));
    if (is_new) {
      made_.keys.push_back({});
      made_.keys.back().key = found->first;
      reads_.emplace_back();
    }
    return found->second;
  }

  status name_sources() {
    for (std::uint32_t place = 0; place < history_.size(); ++place)
      for (const auto& what : history_[place].actions) {
        const auto key = key_named(key_of(what));
        const auto* more = std::get_if<append_value>(&what);
        if (!more)
          continue;
        auto& sources = made_.keys[key].sources;
        const auto [there, is_new]
            = sources.try_emplace(more->value, append_source{place});
        if (!is_new)
          return make_error(
              error_code::invalid,
              name_of(place) + " appends " + std::to_string(more->value)
                  + " to " + more->key + " as "
                  + name_of(there->second.transaction)
                  + " did: values appended to a key have to be unique");
        auto& last = last_appends_[key];
        if (last && last->transaction == place) {
          last->is_last = false;
          there->second.ordinal = last->ordinal + 1;
        }
        last = &there->second;
      }
    last_appends_.clear();
    return success();
  }

  // -- one transaction by itself
  // -----------------------------------------------------

  void look_inside(std::uint32_t place) {
    std::vector<own_view> views;
    for (const auto& what : history_[place].actions) {
      const auto key = key_named(key_of(what));
      auto view
          = std::find_if(views.begin(), views.end(),
                         [&](const own_view& one) { return one.key == key; });
      if (view == views.end())
        view = views.insert(views.end(), {key, {}, nullptr, 0});
      if (const auto* more = std::get_if<append_value>(&what))
        view->appended.push_back(more->value);
      else
        look_at(place, std::get<read_list>(what).found, *view);
    }
  }

  void look_at(std::uint32_t place, const list& found, own_view& view) {
    if (!fits(place, found, view)) {
      tell(anomaly_kind::internal, view.key, {place},
           name_of(place) + " reads " + name_of_key(view.key) + ' '
               + in_words(found)
               + (view.read ? " after it read " + in_words(*view.read) : "")
               + (view.appended.empty()
                      ? ""
                      : ", having appended " + in_words(view.appended)));
      return;
    }
    reads_[view.key].push_back(
        {place, &found, view.appended.size(), view.read == nullptr});
    view.read = &found;
    view.appended_then = view.appended.size();
  }

  bool fits(std::uint32_t place, const list& found,
            const own_view& view) const {
    if (view.read) {
      auto expected = *view.read;
      expected.insert(expected.end(),
                      view.appended.begin()
                          + static_cast<std::ptrdiff_t>(view.appended_then),
                      view.appended.end());
      return found == expected;
    }
    if (!ends_with(found, view.appended))
      return false;
    // What it is to append later isn't there yet.
    const auto outside = found.size() - view.appended.size();
    if (outside == 0)
      return true;
    const auto* source = source_of(view.key, found[outside - 1]);
    return !source || source->transaction != place;
  }

  // -- one key
  // -----------------------------------------------------------------------

  void order(std::uint32_t key) {
    auto& reads = reads_[key];
    auto longest = longest_of(reads);
    while (longest) {
      const auto twice = repeated_in(*longest->found);
      if (!twice)
        break;
      tell_repeated(key, *longest, *twice);
      std::erase_if(reads, [&](const sound_read& one) {
        return one.found == longest->found;
      });
      longest = longest_of(reads);
    }
    if (!longest)
      return;
    made_.keys[key].seen = *longest->found;
    std::erase_if(reads, [&](const sound_read& one) {
      const auto fits = begins_with(*longest->found, *one.found);
      if (!fits)
        tell_odd(key, one, *longest);
      return !fits;
    });
    check_seen(key);
    for (const auto& one : reads)
      look_at_end(key, one);
  }

  static std::optional<sound_read> longest_of(
      const std::vector<sound_read>& reads) {
    const auto found
        = std::max_element(reads.begin(), reads.end(),
                           [](const sound_read& a, const sound_read& b) {
                             return a.found->size() < b.found->size();
                           });
    return found == reads.end() ? std::nullopt : std::optional{*found};
  }

  void tell_repeated(std::uint32_t key, const sound_read& one,
                     std::int64_t twice) {
    tell(anomaly_kind::duplicate_elements, key, {one.transaction},
         name_of(one.transaction) + " reads " + name_of_key(key) + ' '
             + in_words(*one.found) + ", in which " + std::to_string(twice)
             + " stands twice");
  }

  void tell_odd(std::uint32_t key, const sound_read& one,
                const sound_read& longest) {
    if (const auto twice = repeated_in(*one.found)) {
      tell_repeated(key, one, *twice);
      return;
    }
    const auto [mine, its] = std::mismatch(one.found->begin(), one.found->end(),
                                           longest.found->begin());
    tell(anomaly_kind::incompatible_order, key,
         {one.transaction, longest.transaction},
         name_of(one.transaction) + " reads " + name_of_key(key) + ' '
             + in_words(*one.found) + ", " + name_of(longest.transaction)
             + " reads " + in_words(*longest.found) + ": after "
             + std::to_string(mine - one.found->begin()) + " values one has "
             + std::to_string(*mine) + ", the other " + std::to_string(*its));
  }

  /// Each value that was seen: who appended it, did that have an effect, and
  /// was it in the order of its own transaction?
  void check_seen(std::uint32_t key) {
    const auto& order = made_.keys[key];
    std::unordered_map<std::uint32_t, std::uint32_t>
        next; // ordinal, by transaction
    for (std::size_t place = 0; place < order.seen.size(); ++place) {
      const auto* source = source_of(key, order.seen[place]);
      if (!source) {
        const auto [reader, found] = first_sight(key, place);
        tell(anomaly_kind::unwritten_read, key, {reader},
             found + "which nobody appended");
        continue;
      }
      const auto writer = source->transaction;
      if (history_[writer].how == ending::aborted) {
        const auto [reader, found] = first_sight(key, place);
        tell(anomaly_kind::g1a_aborted_read, key, {reader, writer},
             found + "which " + name_of(writer)
                 + " appended before it was aborted");
        continue;
      }
      if (!made_.took_effect[writer]) {
        made_.took_effect[writer] = true;
        ++made_.unknown_seen;
      }
      if (source->ordinal != next[writer]++) {
        const auto [reader, found] = first_sight(key, place);
        tell(anomaly_kind::incompatible_order, key, {reader, writer},
             found + "not in the order in which " + name_of(writer)
                 + " appended: it is its " + "append number "
                 + std::to_string(source->ordinal + 1) + " to that key");
      }
    }
  }

  /// Who first reads the value at a place of what was seen, in the order of
  /// calls, and the beginning of a sentence about it.
  std::pair<std::size_t, std::string> first_sight(std::uint32_t key,
                                                  std::size_t place) const {
    const auto& reads = reads_[key];
    const auto found
        = std::find_if(reads.begin(), reads.end(), [&](const sound_read& one) {
            return one.found->size() > place;
          });
    return {found->transaction,
            name_of(found->transaction) + " reads "
                + std::to_string(made_.keys[key].seen[place]) + " in "
                + name_of_key(key) + ", "};
  }

  /// G1b, and the reads that say what was there before.
  void look_at_end(std::uint32_t key, const sound_read& one) {
    const auto outside = one.found->size() - one.own;
    if (outside > 0) {
      const auto* source = source_of(key, (*one.found)[outside - 1]);
      if (source && !source->is_last && source->transaction != one.transaction
          && history_[source->transaction].how != ending::aborted)
        tell(anomaly_kind::g1b_intermediate_read, key,
             {one.transaction, source->transaction},
             name_of(one.transaction) + " reads " + name_of_key(key) + " up to "
                 + std::to_string((*one.found)[outside - 1]) + ", after which "
                 + name_of(source->transaction) + " appends more to it");
    }
    if (one.own == 0 && one.is_first)
      made_.keys[key].reads.push_back({one.transaction, outside});
  }

  /// When all that took effect is known.
  void find_unseen(std::uint32_t key) {
    auto& order = made_.keys[key];
    std::unordered_set<std::int64_t> seen(order.seen.begin(), order.seen.end());
    for (const auto& [value, source] : order.sources)
      if (made_.took_effect[source.transaction] && !seen.contains(value))
        order.unseen.push_back(source.transaction);
    std::sort(order.unseen.begin(), order.unseen.end());
    order.unseen.erase(std::unique(order.unseen.begin(), order.unseen.end()),
                       order.unseen.end());
    tell_lost(key);
  }

  void tell_lost(std::uint32_t key) {
    const auto& order = made_.keys[key];
    const auto& reads = reads_[key];
    const auto latest
        = std::max_element(reads.begin(), reads.end(),
                           [&](const sound_read& a, const sound_read& b) {
                             return history_[a.transaction].called
                                  < history_[b.transaction].called;
                           });
    if (latest == reads.end())
      return;
    const auto reader = latest->transaction;
    for (const auto writer : order.unseen)
      if (history_[writer].how == ending::committed
          && history_[writer].returned < history_[reader].called)
        tell(anomaly_kind::lost_append, key, {writer, reader},
             name_of(writer) + " appends to " + name_of_key(key)
                 + " and returns at "
                 + std::to_string(history_[writer].returned) + "; "
                 + name_of(reader) + ", called at "
                 + std::to_string(history_[reader].called) + ", reads "
                 + in_words(*latest->found) + ", and nobody ever sees it");
  }

  // ----------------------------------------------------------------------------------

  const append_source* source_of(std::uint32_t key, std::int64_t value) const {
    const auto& sources = made_.keys[key].sources;
    const auto found = sources.find(value);
    return found == sources.end() ? nullptr : &found->second;
  }

  std::string name_of_key(std::uint32_t key) const {
    return std::string{made_.keys[key].key};
  }

  void tell(anomaly_kind what, std::uint32_t key,
            std::vector<std::size_t> transactions, std::string sentence) {
    if (made_.counts[static_cast<std::size_t>(what)]++ >= told_of_each_kind_)
      return;
    made_.anomalies.push_back({what,
                               name_of_key(key),
                               std::move(transactions),
                               {std::move(sentence)}});
  }

  const std::vector<transaction>& history_;
  std::size_t told_of_each_kind_;
  list_orders made_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::unordered_map<std::uint32_t, append_source*> last_appends_; ///< by key
  std::vector<std::vector<sound_read>> reads_;                     ///< by key
};

} // namespace

std::string name_of(std::size_t transaction) {
  return "transaction " + std::to_string(transaction);
}

result<list_orders> orders_in(const std::vector<transaction>& history,
                              std::size_t told_of_each_kind) {
  return order_finder{history, told_of_each_kind}.find();
}

} // namespace present::histories
