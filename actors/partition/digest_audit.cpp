#include "actors/partition/digest_audit.hpp"

#include "actors/partition/mutant.hpp"
#include "actors/raft/quorum.hpp"

#include <algorithm>

namespace present::partition {

using storage::bucket_digest;
using storage::state_digest;

// -- every replica -----------------------------------------------------------------

void digest_audit::on_marker(log_index marker, time_ms now) {
  last_ = {marker, digest_standing::unknown, nullptr};
  is_taking_ = true;
  awaited_ = false;
  marked_at_ = now;
  if (!leads_)
    return;
  compared_ = marker;
  told_.clear();
  accused_.clear();
  repair_index_ = {};
  ask_at_ = now;
  asks_ = 0;
  is_news_ = true;
}

void digest_audit::on_taken(log_index marker, digest_ptr digest) {
  if (marker != last_.marker)
    return;
  is_taking_ = false;
  last_.standing = digest ? digest_standing::taken : digest_standing::unknown;
  last_.digest = std::move(digest);
  on_told(options_.self, last_);
}

std::optional<digest_told> digest_audit::answer(const digest_asked& asked, log_index applied,
                                                bool lacks_state) const {
  if (lacks_state)
    return digest_told{asked.marker, digest_standing::lost, nullptr};
  if (asked.marker == last_.marker)
    return is_taking_ ? std::nullopt : std::optional{last_};
  // Passed by with a snapshot, or in an earlier life.
  if (asked.marker <= applied)
    return digest_told{asked.marker, digest_standing::unknown, nullptr};
  return std::nullopt;
}

// -- the leader --------------------------------------------------------------------

void digest_audit::on_role(bool leads, time_ms now) {
  if (leads == leads_)
    return;
  leads_ = leads;
  awaited_ = is_news_ = false;
  marked_at_ = now;
  compared_ = repair_index_ = {};
  told_.clear();
  disputed_.clear();
  next_look_.reset();
  marker_from_ = log_index{UINT64_MAX};
}

/// G1. The first word counts: a state as of a marker doesn't change.
void digest_audit::on_told(node_id peer, const digest_told& what) {
  if (!leads_ || compared_ == log_index{} || what.marker != compared_)
    return;
  is_news_ |= told_.emplace(peer, what).second;
}

void digest_audit::want_repair(time_ms now) {
  repair_wanted_until_ = now + 2 * options_.hurry_ms;
  is_news_ = true;
}

std::vector<audit_step> digest_audit::look(const audit_view& seen, time_ms now) {
  std::vector<audit_step> steps;
  is_news_ = false;
  next_look_.reset();
  marker_from_ = log_index{UINT64_MAX};
  if (!leads_)
    return steps;
  if (marker_is_due(seen, now)) {
    awaited_ = true;
    steps.push_back(log_marker{});
  }
  if (compared_ != log_index{}) {
    ask(seen, now, steps);
    judge(seen.members, steps);
  }
  return steps;
}

bool digest_audit::marker_is_due(const audit_view& seen, time_ms now) {
  const bool hurries = repair_is_wanted(now);
  if (awaited_ || (seen.applied <= last_.marker && !hurries))
    return false; // G5
  if (waits_for_peers(seen) && asks_ < options_.max_asks / 4)
    return false; // what is under way comes first
  const auto due = next_marker(now);
  if (now >= due || seen.applied.value - last_.marker.value >= options_.marker_entries)
    return true;
  look_at(due);
  marker_from_ = log_index{last_.marker.value + options_.marker_entries};
  return false;
}

void digest_audit::ask(const audit_view& seen, time_ms now, std::vector<audit_step>& out) {
  if (asks_ >= options_.max_asks)
    return;
  if (!waits_for_peers(seen))
    return;
  if (now >= ask_at_) {
    for (const auto node : raft::quorum::everyone(seen.members))
      if (is_silent(seen, node))
        out.push_back(ask_digest{node, compared_});
    ask_at_ = now + options_.ask_again_ms;
    ++asks_;
  }
  look_at(ask_at_);
}

bool digest_audit::is_silent(const audit_view& seen, node_id node) const {
  return node != options_.self && !told_.contains(node) && seen.reachable.contains(node);
}

bool digest_audit::waits_for_peers(const audit_view& seen) const {
  return compared_ != log_index{}
         && std::ranges::any_of(raft::quorum::everyone(seen.members),
                                [&](node_id node) { return is_silent(seen, node); });
}

void digest_audit::judge(const raft::configuration& members, std::vector<audit_step>& out) {
  std::map<node_id, std::vector<std::uint16_t>> damaged;
  std::vector<std::uint16_t> disputed;
  bool all_agreed = true;
  for (std::uint16_t bucket = 0; bucket < state_digest::buckets; ++bucket) {
    const auto right = agreed(members, bucket);
    all_agreed &= right.has_value();
    // What nobody can speak for at this marker stays as it was found at the last.
    if (!right
        && (is_disputed(members, bucket) || std::ranges::binary_search(disputed_, bucket)))
      disputed.push_back(bucket);
    for (const auto& [node, told] : told_)
      if (right && told.digest && (*told.digest)[bucket] != *right
          && !mutated(mutant::ignore_digests))
        damaged[node].push_back(bucket);
  }
  const bool own_is_right = digest_of(options_.self) && !damaged.contains(options_.self);
  repair_index_ = all_agreed && own_is_right ? compared_ : log_index{};
  for (auto& [node, buckets] : damaged)
    if (accused_.insert(node).second)
      out.push_back(report_damage{node, compared_, std::move(buckets)});
  if (disputed != disputed_) {
    disputed_ = disputed;
    out.push_back(note_disputes{compared_, std::move(disputed)});
  }
}

const state_digest* digest_audit::digest_of(node_id node) const {
  const auto told = told_.find(node);
  return told == told_.end() ? nullptr : told->second.digest.get();
}

/// G2; empty: nobody may speak for this bucket, yet or at all.
std::optional<bucket_digest> digest_audit::agreed(const raft::configuration& members,
                                                  std::size_t bucket) const {
  std::optional<bucket_digest> only;
  bool all_the_same = true;
  bool all_known = true;
  for (const auto node : raft::quorum::everyone(members)) {
    if (!raft::quorum::is_voter(members, node))
      continue;
    const auto* digest = digest_of(node);
    const auto told = told_.find(node);
    all_known &= digest || (told != told_.end()
                            && told->second.standing == digest_standing::lost);
    if (!digest)
      continue;
    const auto value = (*digest)[bucket];
    if (raft::quorum::agreed(members, [&](node_id other) {
          const auto* known = digest_of(other);
          return known && (*known)[bucket] == value;
        }))
      return value;
    all_the_same &= !only || *only == value;
    only = value;
  }
  return all_known && all_the_same ? only : std::nullopt;
}

/// G3: two voters say different things, and neither has a majority.
bool digest_audit::is_disputed(const raft::configuration& members, std::size_t bucket) const {
  std::optional<bucket_digest> first;
  for (const auto& [node, told] : told_) {
    if (!told.digest || !raft::quorum::is_voter(members, node))
      continue;
    if (first && *first != (*told.digest)[bucket])
      return true;
    first = (*told.digest)[bucket];
  }
  return false;
}

void digest_audit::look_at(time_ms when) {
  next_look_ = std::min(next_look_.value_or(when), when);
}

} // namespace present::partition
