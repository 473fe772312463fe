#include "tests/simulation/oracles.hpp"

#include "actors/partition/entry_codec.hpp"
#include "actors/raft/quorum.hpp"
#include "tests/simulation/oracle_violation.hpp"

#include <string>

namespace present::simulation {

namespace {

/// A state is looked at whole at one index in so many.
constexpr std::uint64_t digest_every = 8;

std::string name(node_id node) { return "node " + std::to_string(node.value); }
std::string name(log_index index) { return std::to_string(index.value); }

} // namespace

void oracles::turned(const simulated_node& node, const standing& before,
                     const partition::replica_effects& done) {
  const auto& machine = node.replica().raft();
  for (const auto& item : done) {
    const auto* role = std::get_if<raft::role_changed>(&item);
    if (role && role->role == raft::role_kind::leader)
      check_leadership(machine);
    if (const auto* leaving = std::get_if<raft::send>(&item)) {
      check_votes(leaving->what);
      check_acknowledged(node, leaving->what);
    }
  }
  check_commit(node, before);
  check_applied(node, before);
}

void oracles::check_leadership(const raft::raft_machine& machine) {
  const auto [found, fresh] = leaders_.emplace(machine.current_term(), machine.self());
  expect(found->second == machine.self(), "one leader a term",
         name(machine.self()) + " and " + name(found->second) + " both lead term "
           + std::to_string(machine.current_term().value));
  // Votes may come late: what a later leader has committed since is no concern.
  for (auto index = next(machine.log().base()); fresh && index <= committed();
       index = next(index)) {
    const auto& entry = committed_[index.value - 1];
    expect(machine.log().term_at(index) == entry.at_term || entry.by > machine.current_term(),
           "leader completeness",
           name(machine.self()) + " leads without committed entry " + name(index));
  }
}

void oracles::check_votes(const raft::message& what) {
  const auto* answer = std::get_if<raft::vote_reply>(&what.content);
  if (!answer || answer->pre || !answer->granted)
    return;
  const auto [vote, fresh] = votes_.emplace(std::pair{what.from, what.at_term}, what.to);
  expect(vote->second == what.to, "one vote a term",
         name(what.from) + " voted twice in term " + std::to_string(what.at_term.value));
}

/// Rule 2, seen from outside: whatever the machine believes of its disk.
void oracles::check_acknowledged(const simulated_node& node, const raft::message& what) {
  const auto* answer = std::get_if<raft::append_reply>(&what.content);
  const auto& machine = node.replica().raft();
  if (!answer || !answer->accepted || what.at_term != machine.current_term())
    return;
  const auto at_term = machine.log().term_at(answer->matched);
  expect(!at_term || node.has_durable(answer->matched, *at_term), "acknowledged is durable",
         name(node.id()) + " acknowledged " + name(answer->matched));
}

void oracles::check_commit(const simulated_node& node, const standing& before) {
  const auto& machine = node.replica().raft();
  const auto& log = machine.log();
  if (machine.commit() <= before.commit)
    return;
  expect(machine.role() != raft::role_kind::leader
           || log.term_at(machine.commit()) == machine.current_term(),
         "no commit of an old term by counting",
         name(node.id()) + " counted up to " + name(machine.commit()));
  for (auto index = next(before.commit); index <= machine.commit(); index = next(index)) {
    const auto at_term = log.term_at(index);
    if (!at_term)
      continue; // below a snapshot that was installed in this turn
    if (index <= committed())
      expect(*at_term == committed_[index.value - 1].at_term, "equal logs",
             name(node.id()) + " committed another entry at " + name(index));
    else
      check_new_commit(node, before, index, *at_term);
  }
}

void oracles::check_new_commit(const simulated_node& node, const standing& before,
                               log_index index, term at_term) {
  const auto& machine = node.replica().raft();
  expect(index == next(committed()), "equal logs",
         name(node.id()) + " committed " + name(index) + " out of order");
  const auto holds = [&](node_id id) { return nodes_(id).has_durable(index, at_term); };
  // A leader counts by the last configuration in its log (Ongaro, 4.3).
  const bool safe = raft::quorum::agreed(before.members, holds)
                    || raft::quorum::agreed(machine.log().members_at(index), holds);
  expect(safe, "committed is durable on a quorum",
         name(node.id()) + " committed " + name(index));
  auto item = node.entry_at(index);
  committed_.push_back({at_term, machine.current_term(), item.payload});
  take_in(item);
}

void oracles::take_in(const raft::entry& item) {
  if (item.kind != raft::entry_kind::command)
    return truth_.pass(item.index);
  const auto batch = decode_entry(*item.payload);
  expect(bool{batch}, "entries are sound", batch ? "" : batch.problem().message);
  expect(batch->first_stamp.wall_ms()
           <= latest_wall_ms_ + hybrid_clock::default_max_offset_ms,
         "stamps are bounded", "entry " + name(item.index) + " is ahead of every clock");
  for (const auto& id : truth_.apply(item.index, *batch))
    seen_.decided(id);
}

void oracles::check_applied(const simulated_node& node, const standing& before) {
  const auto applied = node.replica().partition().applied();
  if (applied <= before.applied)
    return;
  expect(applied <= committed(), "applied is committed",
         name(node.id()) + " applied " + name(applied));
  const auto& log = node.replica().raft().log();
  // Raft hears of an installed snapshot when the partition goes on from it already.
  const bool by_snapshot = log.base() >= applied || node.replica().raft().commit() < applied;
  if (applied == next(before.applied) && !by_snapshot) {
    const auto& wanted = committed_[applied.value - 1];
    const auto item = node.entry_at(applied);
    expect(item.at_term == wanted.at_term, "equal applied prefixes",
           name(node.id()) + " applied another entry at " + name(applied));
    expect(item.payload == wanted.payload
             || (item.payload && wanted.payload && *item.payload == *wanted.payload),
           "equal applied prefixes",
           name(node.id()) + " applied another command at " + name(applied));
    if (applied.value % digest_every != 0)
      return;
  }
  const auto digest = node.digest(clients_);
  const auto [found, fresh] = digests_.emplace(applied, digest);
  expect(found->second == digest, "equal state digests",
         name(node.id()) + " differs at index " + name(applied));
}

} // namespace present::simulation
