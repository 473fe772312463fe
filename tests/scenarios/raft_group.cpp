#include "tests/scenarios/raft_group.hpp"

#include "tests/simulation/describe.hpp"

#include <algorithm>
#include <utility>

namespace present::scenarios {

using simulation::describe;

namespace {

raft::raft_settings settings_of(node_id node, std::size_t batch) {
  raft::raft_settings settings;
  settings.seed = node.value;
  settings.max_message_entries = batch;
  settings.max_retained_bytes = 0;
  settings.max_pinned_bytes = 0;
  return settings;
}

bool is_outcome(const raft::effect& what) {
  return !std::holds_alternative<raft::send>(what)
         && !std::holds_alternative<raft::persist>(what)
         && !std::holds_alternative<raft::load_entries>(what)
         && !std::holds_alternative<raft::read_snapshot>(what)
         && !std::holds_alternative<raft::release_snapshot>(what);
}

/// A node's own parts answering it: told only where something follows.
bool is_answer(const raft::event_kind& what) {
  return std::holds_alternative<raft::applied>(what)
         || std::holds_alternative<raft::persisted>(what);
}

} // namespace

raft_group::raft_group(std::uint32_t voters, std::uint32_t spares,
                       std::size_t batch)
  : batch_(batch) {
  raft::configuration bootstrap;
  for (std::uint32_t number = 1; number <= voters; ++number)
    bootstrap.voters.push_back(node_id{number});
  for (std::uint32_t number = 1; number <= voters + spares; ++number) {
    auto& one = replicas_.emplace_back();
    one.id = node_id{number};
    if (number <= voters)
      one.journal.base.members = bootstrap;
    one.saved.mark.members = one.journal.base.members;
    start(number);
  }
}

// -- a replica's turn ------------------------------------------------------------

void raft_group::tell(replica& to, raft::event_kind what) {
  if (!to.machine)
    return;
  const auto words = describe(what);
  const bool quiet = is_answer(what);
  const auto done = to.machine->step({now_, std::move(what)});
  const bool shown = std::any_of(done.begin(), done.end(), is_outcome);
  if (outcomes_only_ ? shown : !(quiet && done.empty()))
    say("n" + std::to_string(to.id.value) + " <- " + words);
  for (const auto& effect : done) {
    if (!outcomes_only_ || is_outcome(effect))
      say("  " + describe(effect));
    std::visit([&](const auto& detail) { perform(to, detail); }, effect);
  }
  answer(to);
}

void raft_group::answer(replica& to) {
  while (to.machine && !to.answers.empty()) {
    auto next_answer = std::move(to.answers.front());
    to.answers.pop_front();
    tell(to, std::move(next_answer));
  }
}

void raft_group::perform(replica& from, const raft::send& effect) {
  if (cut_.contains({from.id.value, effect.what.to.value}))
    return;
  flying_.push_back(effect.what);
}

void raft_group::perform(replica& from, const raft::persist& effect) {
  if (!from.disk_held) {
    from.journal.carry_out(effect);
    from.answers.push_back(raft::persisted{effect.number});
  } else {
    from.unsynced.push_back(effect);
  }
}

void raft_group::perform(replica& from, const raft::apply& effect) {
  for (const auto& item : effect.entries) {
    from.state.apply(item);
    from.applied = item.index;
  }
  from.answers.push_back(raft::applied{from.applied});
}

void raft_group::perform(replica& from, const raft::load_entries& effect) {
  from.answers.push_back(raft::entries_loaded{
    effect.for_peer, from.journal.from(effect.first, effect.max_bytes)});
}

void raft_group::perform(replica& from, const raft::read_snapshot& effect) {
  constexpr std::size_t part = 16;
  if (from.saved.mark.index < effect.at_least) // E5
    from.saved = {from.machine->log().mark_at(from.applied), from.state};
  const auto bytes = from.saved.state.to_bytes();
  from.answers.push_back(raft::snapshot_read{
    effect.for_peer,
    {from.saved.mark, effect.offset,
     std::make_shared<const std::string>(bytes.substr(effect.offset, part)),
     effect.offset + part >= bytes.size(), from.saved.state.digest | 1}});
}

void raft_group::perform(replica& from, const raft::install_snapshot& effect) {
  const auto& part = effect.chunk;
  if (part.offset == 0)
    from.arriving.clear();
  if (part.offset == from.arriving.size())
    from.arriving += *part.bytes;
  else if (part.last)
    return from.answers.push_back(
      raft::snapshot_stored{part.mark, from.arriving.size()});
  if (!part.last)
    return from.answers.push_back(
      raft::snapshot_stored{part.mark, from.arriving.size()});
  from.saved = {part.mark, simulation::key_value_state::from_bytes(from.arriving)};
  from.state = from.saved.state;
  from.applied = part.mark.index;
  from.answers.push_back(raft::snapshot_installed{part.mark});
}

// -- time and network --------------------------------------------------------------

void raft_group::wake(std::uint32_t node) {
  auto& one = at(node);
  if (!one.machine)
    return;
  now_ = std::max(now_, one.machine->next_wake().value_or(now_));
  tell(one, raft::time_passed{});
}

void raft_group::elect(std::uint32_t node) {
  wake(node);
  settle();
  output_.clear();
  if (at(node).machine)
    say(describe(*at(node).machine));
}

void raft_group::pass(std::uint64_t duration_ms) {
  const auto until = now_ + duration_ms;
  settle();
  for (;;) {
    replica* first = nullptr;
    for (auto& one : replicas_) {
      const auto due = one.machine ? one.machine->next_wake() : std::nullopt;
      if (due && *due <= until
          && (!first || *due < *first->machine->next_wake()))
        first = &one;
    }
    if (!first)
      break;
    now_ = std::max(now_, *first->machine->next_wake());
    tell(*first, raft::time_passed{});
    settle();
  }
  now_ = until;
}

void raft_group::deliver(std::uint32_t from, std::uint32_t to) {
  for (auto count = flying_.size(); count > 0; --count) {
    auto what = std::move(flying_.front());
    flying_.pop_front();
    if ((from != 0 && what.from.value != from) || (to != 0 && what.to.value != to))
      flying_.push_back(std::move(what));
    else if (!cut_.contains({what.from.value, what.to.value}))
      tell(at(what.to.value), raft::received{std::move(what)});
  }
}

void raft_group::drop(std::uint32_t from, std::uint32_t to) {
  std::erase_if(flying_, [&](const raft::message& what) {
    return (from == 0 || what.from.value == from)
           && (to == 0 || what.to.value == to);
  });
}

void raft_group::repeat(std::uint32_t from, std::uint32_t to) {
  const auto copies = flying_;
  for (const auto& what : copies)
    if (what.from.value == from && what.to.value == to)
      flying_.push_back(what);
}

void raft_group::isolate(std::uint32_t node) {
  for (std::uint32_t other = 1; other <= replicas_.size(); ++other)
    cut_.insert({{node, other}, {other, node}});
}

void raft_group::rejoin(std::uint32_t node) {
  for (std::uint32_t other = 1; other <= replicas_.size(); ++other) {
    cut_.erase({node, other});
    cut_.erase({other, node});
  }
}

void raft_group::settle() {
  while (!flying_.empty())
    deliver();
}

// -- disks -------------------------------------------------------------------------

void raft_group::hold_disk(std::uint32_t node, bool whether) {
  at(node).disk_held = whether;
  if (!whether)
    sync_disk(node);
}

void raft_group::sync_disk(std::uint32_t node, std::size_t writes) {
  auto& one = at(node);
  std::uint64_t number = 0;
  for (; !one.unsynced.empty() && writes > 0; --writes) {
    one.journal.carry_out(one.unsynced.front());
    number = one.unsynced.front().number;
    one.unsynced.pop_front();
  }
  if (number != 0)
    tell(one, raft::persisted{number});
}

void raft_group::fail_disk(std::uint32_t node, bool full) {
  auto& one = at(node);
  if (one.unsynced.empty())
    return;
  const auto number = one.unsynced.front().number;
  one.unsynced.clear();
  tell(one, raft::persist_failed{number, full});
}

void raft_group::save_state(std::uint32_t node) {
  auto& one = at(node);
  one.saved = {one.machine->log().mark_at(one.applied), one.state};
  tell(one, raft::compacted{one.saved.mark});
}

// -- what is asked -----------------------------------------------------------------

void raft_group::write(std::uint32_t node, std::uint64_t value) {
  tell(at(node), raft::propose{++last_ticket_, simulation::encode({1, value})});
}

void raft_group::read(std::uint32_t node) {
  tell(at(node), raft::read_request{++last_ticket_});
}

void raft_group::change_members(std::uint32_t node,
                                const raft::configuration& wanted) {
  tell(at(node), raft::propose_configuration{++last_ticket_, wanted});
}

void raft_group::transfer(std::uint32_t node, std::uint32_t to) {
  tell(at(node), raft::transfer_leadership{node_id{to}});
}

// -- life --------------------------------------------------------------------------

/// Loses what was not synced, and what is on its way to it.
void raft_group::crash(std::uint32_t node) {
  auto& one = at(node);
  one.machine.reset();
  one.unsynced.clear();
  one.answers.clear();
  drop(0, node);
}

void raft_group::start(std::uint32_t node) {
  auto& one = at(node);
  const auto found = one.journal.open_with(one.saved);
  one.state = one.saved.state;
  one.applied = one.saved.mark.index;
  one.machine = std::make_unique<raft::raft_machine>(
    one.id, store_id{}, settings_of(one.id, batch_), found, now_);
}

void raft_group::report_link(std::uint32_t node, std::uint32_t peer, bool up) {
  tell(at(node), raft::link_changed{node_id{peer}, up});
}

void raft_group::status() {
  for (const auto& one : replicas_) {
    if (!one.machine) {
      say("n" + std::to_string(one.id.value) + " is down");
      continue;
    }
    std::string values;
    for (const auto& [key, value] : one.state.values)
      values += " value " + std::to_string(value);
    say(describe(*one.machine) + values);
  }
}

} // namespace present::scenarios
