#pragma once

#include "storage/keys.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

/// Which watches a change concerns, without a look at the others: by whole key, and by
/// each length that some watched prefix has.
///
/// X1  A change costs one look-up, one more per length of prefixes that are watched (at
///     most bounds::max_key), and its own watches; however many others there are.
///
/// Pure; not thread-safe.
namespace present::watching {

using watch_tag = std::uint64_t;

class watch_index {
public:
  /// `pattern`: a value's stored key (storage::record_key::value), or the beginning of one.
  void insert(watch_tag tag, const std::string& pattern, bool is_prefix);
  /// As it was inserted.
  void erase(watch_tag tag, const std::string& pattern, bool is_prefix);

  /// Calls `see(tag)` for each watch of this stored key.
  template <class See>
  void visit(std::string_view key, See see) const;

  bool is_empty() const { return keys_.empty() && prefixes_.empty(); }

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using table
    = std::unordered_map<std::string, std::set<watch_tag>, text_hash, std::equal_to<>>;

  static bool take_out(table& from, const std::string& pattern, watch_tag tag);
  template <class See>
  static void visit_in(const table& in, std::string_view text, See& see);

  table keys_;
  table prefixes_;
  std::map<std::size_t, std::size_t> lengths_; ///< of prefixes: how many there are
};

template <class See>
void watch_index::visit_in(const table& in, std::string_view text, See& see) {
  if (const auto found = in.find(text); found != in.end())
    for (const auto tag : found->second)
      see(tag);
}

template <class See>
void watch_index::visit(std::string_view key, See see) const {
  visit_in(keys_, key, see);
  for (const auto& [length, count] : lengths_) {
    if (length > key.size())
      return;
    visit_in(prefixes_, key.substr(0, length), see);
  }
}

} // namespace present::watching
