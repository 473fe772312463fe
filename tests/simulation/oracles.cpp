#include "tests/simulation/oracles.hpp"

#include "actors/raft/quorum.hpp"
#include "tests/simulation/oracle_violation.hpp"

#include <string>

namespace present::simulation {

namespace {

std::string name(node_id node) { return "node " + std::to_string(node.value); }
std::string name(log_index index) { return std::to_string(index.value); }

/// In memory, or handed on in this step and let go of at once.
raft::entry entry_at(log_index index, const raft::raft_log& log,
                     const raft::effects& done) {
  if (index >= log.tail_first())
    return log.slice(index, 1, 0).front();
  for (const auto& item : done)
    if (const auto* batch = std::get_if<raft::apply>(&item))
      for (const auto& one : batch->entries)
        if (one.index == index)
          return one;
  throw oracle_violation("equal logs", "no trace of entry " + name(index));
}

} // namespace

void oracles::stepped(const raft::raft_machine& machine,
                      const raft::effects& done, const standing& before) {
  for (const auto& item : done) {
    const auto* role = std::get_if<raft::role_changed>(&item);
    if (role && role->role == raft::role_kind::leader)
      check_leadership(machine);
    if (const auto* leaving = std::get_if<raft::send>(&item)) {
      check_votes(leaving->what);
      check_acknowledged(machine, leaving->what);
    }
  }
  check_commit(machine, done, before);
  for (const auto& item : done)
    if (const auto* batch = std::get_if<raft::apply>(&item))
      check_applied(*batch, machine.self());
}

void oracles::check_leadership(const raft::raft_machine& machine) {
  const auto [found, fresh]
    = leaders_.emplace(machine.current_term(), machine.self());
  expect(found->second == machine.self(), "one leader a term",
         name(machine.self()) + " and " + name(found->second)
           + " both lead term " + std::to_string(machine.current_term().value));
  // Votes may come late: what a later leader has committed since is no concern.
  for (auto index = next(machine.log().base()); fresh && index <= committed();
       index = next(index)) {
    const auto& entry = committed_[index.value - 1];
    expect(machine.log().term_at(index) == entry.at_term
             || entry.by > machine.current_term(),
           "leader completeness",
           name(machine.self()) + " leads without committed entry " + name(index));
  }
}

void oracles::check_votes(const raft::message& what) {
  const auto* answer = std::get_if<raft::vote_reply>(&what.content);
  if (!answer || answer->pre || !answer->granted)
    return;
  const auto [vote, fresh]
    = votes_.emplace(std::pair{what.from, what.at_term}, what.to);
  expect(vote->second == what.to, "one vote a term",
         name(what.from) + " voted twice in term "
           + std::to_string(what.at_term.value));
}

/// Rule 2, seen from outside: whatever the machine believes of its disk.
void oracles::check_acknowledged(const raft::raft_machine& machine,
                                 const raft::message& what) {
  const auto* answer = std::get_if<raft::append_reply>(&what.content);
  if (!answer || !answer->accepted || what.at_term != machine.current_term())
    return;
  const auto at_term = machine.log().term_at(answer->matched);
  expect(!at_term || durable_(machine.self(), answer->matched, *at_term),
         "acknowledged is durable",
         name(machine.self()) + " acknowledged " + name(answer->matched));
}

void oracles::check_commit(const raft::raft_machine& machine,
                           const raft::effects& done, const standing& before) {
  const auto& log = machine.log();
  if (machine.commit() <= before.commit)
    return;
  expect(machine.role() != raft::role_kind::leader
           || log.term_at(machine.commit()) == machine.current_term(),
         "no commit of an old term by counting",
         name(machine.self()) + " counted up to " + name(machine.commit()));
  for (auto index = next(before.commit); index <= machine.commit();
       index = next(index)) {
    const auto at_term = log.term_at(index);
    if (!at_term)
      continue; // below a snapshot that was installed in this step
    if (index <= committed()) {
      expect(*at_term == committed_[index.value - 1].at_term, "equal logs",
             name(machine.self()) + " committed another entry at " + name(index));
      continue;
    }
    expect(index == next(committed()), "equal logs",
           name(machine.self()) + " committed " + name(index) + " out of order");
    const auto holds
      = [&](node_id node) { return durable_(node, index, *at_term); };
    // A leader counts by the last configuration in its log (Ongaro, 4.3).
    const bool safe = raft::quorum::agreed(before.members, holds)
                      || raft::quorum::agreed(log.members_at(index), holds);
    expect(safe, "committed is durable on a quorum",
           name(machine.self()) + " committed " + name(index));
    committed_.push_back({*at_term, machine.current_term()});
    clients_.committed(entry_at(index, log, done));
  }
}

void oracles::check_applied(const raft::apply& batch, node_id node) {
  for (const auto& item : batch.entries) {
    expect(item.index <= committed(), "applied is committed",
           name(node) + " applied " + name(item.index));
    expect(committed_[item.index.value - 1].at_term == item.at_term,
           "equal applied prefixes",
           name(node) + " applied another entry at " + name(item.index));
    if (payloads_.size() < item.index.value)
      payloads_.resize(item.index.value);
    auto& first = payloads_[item.index.value - 1];
    if (!item.payload)
      continue;
    expect(!first || *first == *item.payload, "equal applied prefixes",
           name(node) + " applied another command at " + name(item.index));
    first = item.payload;
  }
}

void oracles::applied(node_id node, log_index index, std::uint64_t digest) {
  const auto [found, fresh] = digests_.emplace(index, digest);
  expect(found->second == digest, "equal state digests",
         name(node) + " differs at index " + name(index));
}

} // namespace present::simulation
