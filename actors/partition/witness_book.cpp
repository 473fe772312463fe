#include "actors/partition/witness_book.hpp"

#include "actors/partition/mutant.hpp"
#include "actors/raft/quorum.hpp"

#include <algorithm>
#include <utility>

namespace present::partition {

namespace {

/// What the asker would have to know if its files were not older than its word.
lapse contradiction(const raft::witnessed& known, const standing_asked& asked) {
  if (asked.life.boot < known.boot
      || (asked.life.boot == known.boot && asked.life.opening != known.opening))
    return lapse::opening;
  if (asked.at_term < known.heard)
    return lapse::term;
  return is_up_to_date(asked.reached, known.matched) ? lapse::none : lapse::log;
}

} // namespace

// -- the book ------------------------------------------------------------------------

/// B4.
raft::witnessed& witness_book::entry_of(node_id peer, store_id store) {
  const auto place = std::find_if(known_.begin(), known_.end(),
                                  [&](const auto& one) { return one.node == peer; });
  if (place == known_.end()) {
    known_.push_back({.node = peer, .store = store});
    return known_.back();
  }
  if (place->store != store)
    *place = {.node = peer, .store = store};
  return *place;
}

bool witness_book::has_heard(node_id peer, store_id store, term at_term) const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& one) {
    return one.node == peer && one.store == store && one.heard >= at_term;
  });
}

void witness_book::on_heard(node_id peer, store_id store, term at_term) {
  auto& known = entry_of(peer, store);
  if (known.heard >= at_term)
    return;
  known.heard = at_term;
  is_new_ = true;
}

void witness_book::on_matched(node_id peer, const raft::log_position& matched) {
  for (auto& known : known_)
    if (known.node == peer && !is_up_to_date(known.matched, matched)) {
      known.matched = matched;
      is_new_ = true;
    }
}

bool witness_book::has_asked(node_id peer, store_id store, const store_life& life) const {
  const auto told = verdicts_.find(peer);
  return told != verdicts_.end() && told->second.store == store
         && told->second.life.boot == life.boot && told->second.life.opening == life.opening;
}

lapse witness_book::on_asked(node_id peer, store_id store, const standing_asked& asked) {
  auto& known = entry_of(peer, store);
  const bool is_known = known.boot != 0 || known.heard > term{};
  auto sign = is_known ? contradiction(known, asked) : lapse::none;
  if (sign == lapse::none && has_asked(peer, store, asked.life))
    sign = verdicts_.at(peer).sign; // B5
  if (known.boot != asked.life.boot || known.opening != asked.life.opening) {
    known.boot = asked.life.boot;
    known.opening = asked.life.opening;
    is_new_ = true;
  }
  verdicts_[peer] = {store, asked.life, sign};
  return sign;
}

void witness_book::keep(const std::vector<node_id>& members) {
  const auto is_gone = [&](node_id node) {
    return std::find(members.begin(), members.end(), node) == members.end();
  };
  const auto gone = std::erase_if(known_, [&](const auto& one) { return is_gone(one.node); });
  std::erase_if(verdicts_, [&](const auto& one) { return is_gone(one.first); });
  is_new_ = is_new_ || gone > 0;
}

std::shared_ptr<const std::vector<raft::witnessed>> witness_book::take_due(time_ms now) {
  if (!is_new_ || !is_due(now))
    return nullptr;
  is_new_ = false;
  written_at_ = now;
  return std::make_shared<const std::vector<raft::witnessed>>(known_);
}

// -- the inquiry ---------------------------------------------------------------------

/// What was opened for the first time has said nothing before.
witness_inquiry::witness_inquiry(const settings& options, time_ms now)
    : options_(options), patient_until_(now + options.patience_ms) {
  if (options.life.boot <= 1)
    phase_ = phase::done;
}

void witness_inquiry::on_members(const raft::configuration& members,
                                 const raft::log_position& by, time_ms now) {
  if (phase_ != phase::uninvited || members.voters.empty())
    return;
  phase_ = phase::asking;
  ask_of(members, by, now);
}

void witness_inquiry::ask_of(const raft::configuration& members, const raft::log_position& by,
                             time_ms now) {
  members_ = members;
  members_by_ = by;
  told_.clear(); // B6
  ask_at_ = now;
  patient_until_ = now + options_.patience_ms;
}

std::vector<node_id> witness_inquiry::silent_voters() const {
  std::vector<node_id> silent;
  for (const auto node : raft::quorum::everyone(members_))
    if (node != options_.self && raft::quorum::is_voter(members_, node)
        && !told_.contains(node))
      silent.push_back(node);
  return silent;
}

void witness_inquiry::hurry(time_ms now) {
  ask_at_ = std::min(ask_at_, now);
}

void witness_inquiry::on_spoken(node_id peer, time_ms now) {
  const bool has_told = told_.contains(peer);
  const bool is_asked = raft::quorum::is_voter(members_, peer) && !has_told;
  if (phase_ == phase::asking && !is_asked && spoke_.insert(peer).second && !has_told)
    hurry(now);
}

void witness_inquiry::on_told(node_id peer, store_id store, const standing_told& what,
                              time_ms now) {
  if (phase_ != phase::asking || what.opening != options_.life.opening)
    return; // B2
  const bool is_newer = !is_up_to_date(members_by_, what.last) && !what.members.voters.empty();
  if (is_newer && what.members != members_ && !mutated(mutant::ask_first_members))
    ask_of(what.members, what.last, now);
  else if (is_newer)
    members_by_ = what.last;
  if (!raft::quorum::is_voter(members_, peer)
      || !raft::quorum::is_named_store(members_, peer, store) || !told_.insert(peer).second)
    return; // B2
  found_.at_term = std::max(found_.at_term, what.at_term);
  if (!is_up_to_date(found_.reached, what.last))
    found_.reached = what.last;
  if (what.sign != lapse::none && found_.sign == lapse::none) {
    found_.sign = what.sign;
    found_.by = peer;
  }
}

std::optional<time_ms> witness_inquiry::next_look() const {
  if (phase_ != phase::asking)
    return std::nullopt;
  return silent_voters().empty() ? 0 : ask_at_;
}

witness_inquiry::step witness_inquiry::look(time_ms now) {
  step next;
  if (phase_ != phase::asking)
    return next;
  auto silent = silent_voters();
  const bool enough = raft::quorum::agreed(members_, [&](node_id node) {
    return node == options_.self || told_.contains(node);
  });
  if (silent.empty() || (enough && now >= patient_until_)
      || mutated(mutant::ask_no_witness)) {
    phase_ = phase::done;
    found_.silent = std::move(silent);
    next.result = found_;
    return next;
  }
  if (now < ask_at_)
    return next;
  ask_at_ = now + ask_again_ms;
  next.ask = std::move(silent);
  next.ask.insert(next.ask.end(), spoke_.begin(), spoke_.end());
  spoke_.clear();
  return next;
}

} // namespace present::partition
