#include "tests/simulation/cluster/fenced_history.hpp"

#include <algorithm>
#include <utility>

namespace present::simulation::cluster {

auto fenced_history::called(hlc_stamp token, std::vector<std::string> keys, bool writes)
  -> ticket {
  record asked;
  asked.token = token;
  asked.writes = writes;
  for (const auto& key : keys) {
    asked.counted[side_of(key)] = counting_[side_of(key)];
    const auto& written = writes_[key];
    asked.known[key] = written.empty() ? hlc_stamp{} : written.rbegin()->first;
  }
  asked.keys = std::move(keys);
  all_.push_back(std::move(asked));
  return all_.size() - 1;
}

hlc_stamp fenced_history::record::highest() const {
  hlc_stamp found;
  for (const auto& [side, token] : counted)
    found = std::max(found, token);
  return found;
}

std::string fenced_history::value_of(ticket id) const {
  return std::to_string(id) + " under " + std::to_string(all_[id].token.value);
}

std::string fenced_history::describe(ticket id) const {
  std::string words = "write " + value_of(id) + " to";
  for (const auto& key : all_[id].keys)
    words += ' ' + key;
  return words;
}

void fenced_history::granted(hlc_stamp token) {
  for (std::size_t side = 0; side < 2; ++side) {
    auto& counts = counting_[side_of(pair_at(side))];
    counts = std::max(counts, token);
  }
}

/// It is committed under its token.
void fenced_history::count(const record& what) {
  for (const auto& key : what.keys) {
    auto& counts = counting_[side_of(key)];
    counts = std::max(counts, what.token);
  }
}

void fenced_history::wrote(ticket id, hlc_stamp version) {
  see_write(id, version);
  for (const auto& [key, known] : all_[id].known)
    oracle_.expect(version > known, "versions rise",
                   describe(id) + " has version " + std::to_string(version.value)
                     + ", and one of " + std::to_string(known.value) + " was known before it");
}

/// Its client was told, or somebody has read it.
void fenced_history::see_write(ticket id, hlc_stamp version) {
  auto& what = all_[id];
  oracle_.expect(!what.is_refused, "refused", describe(id) + " was refused, and is there");
  oracle_.expect(what.token >= what.highest(), "fence",
                 describe(id) + " is committed, though it began when token "
                   + std::to_string(what.highest().value) + " counted");
  oracle_.expect(what.version == hlc_stamp{} || what.version == version, "written once",
                 describe(id) + " has versions " + std::to_string(what.version.value) + " and "
                   + std::to_string(version.value));
  what.version = version;
  for (const auto& key : what.keys)
    writes_[key][version] = id;
  count(what);
}

void fenced_history::read(ticket id, const std::vector<sight>& seen) {
  for (const auto& each : seen)
    see(all_[id], each);
  const auto find = [&](const std::string& key) {
    return std::find_if(seen.begin(), seen.end(),
                        [&](const sight& each) { return each.key == key; });
  };
  const auto left = find(pair_at(0)), right = find(pair_at(1));
  if (left != seen.end() && right != seen.end())
    oracle_.expect(left->version == right->version && left->value == right->value, "pair",
                   "a transaction has read '" + left->value + "' on the left and '"
                     + right->value + "' on the right");
  const auto& by = all_[id];
  if (by.token == hlc_stamp{})
    return;
  oracle_.expect(by.token >= by.highest(), "fence",
                 "a read under token " + std::to_string(by.token.value)
                   + " was served, though it began when token "
                   + std::to_string(by.highest().value) + " counted");
  count(by);
}

void fenced_history::see(const record& by, const sight& what) {
  const auto known = by.known.at(what.key);
  oracle_.expect(what.version >= known, "writes stay",
                 what.key + " was read at version " + std::to_string(what.version.value)
                   + ", and one of " + std::to_string(known.value) + " was known before");
  auto& floor = floors_[what.key][what.version];
  floor = std::max({floor, by.counted.at(side_of(what.key)), by.token});
  if (what.version == hlc_stamp{})
    return;
  const auto writer = std::stoull(what.value);
  const bool is_whole = writer < all_.size() && all_[writer].writes
                        && value_of(writer) == what.value;
  oracle_.expect(is_whole, "values", what.key + " has a value that nobody wrote: " + what.value);
  if (!is_whole)
    return;
  see_write(writer, what.version);
  oracle_.expect(by.token == hlc_stamp{} || all_[writer].token <= by.token, "fence",
                 "a read under token " + std::to_string(by.token.value) + " has found "
                   + describe(writer));
}

/// What is known of it, by version.
std::string fenced_history::story_of(const std::string& key) const {
  std::map<hlc_stamp, std::string> lines;
  for (const auto& [version, id] : writes_.at(key))
    lines[version] += " " + describe(id);
  if (const auto found = floors_.find(key); found != floors_.end())
    for (const auto& [version, token] : found->second)
      lines[version] += "; read when token " + std::to_string(token.value) + " counted";
  std::string words;
  for (const auto& [version, line] : lines)
    words += "\n    " + std::to_string(version.value) + ":" + line;
  return words;
}

/// F2: what is committed at a later version had not been when it was read.
void fenced_history::judge() const {
  for (const auto& [key, written] : writes_) {
    const auto found = floors_.find(key);
    static const std::map<hlc_stamp, hlc_stamp> none;
    const auto& floors = found == floors_.end() ? none : found->second;
    auto next = floors.begin();
    hlc_stamp highest;
    for (const auto& [version, id] : written) {
      for (; next != floors.end() && next->first < version; ++next)
        highest = std::max(highest, next->second);
      if (all_[id].token < highest)
        oracle_.expect(false, "fence", describe(id) + " is committed when token "
                                         + std::to_string(highest.value)
                                         + " counts:" + story_of(key));
      highest = std::max(highest, all_[id].token);
    }
  }
}

} // namespace present::simulation::cluster
