#include "actors/journal/journal_actor.hpp"

#include "actors/raft/quorum.hpp"

#include <algorithm>

namespace present {

namespace {

/// Whether the last configuration of this log is of `index` or later, and has the node
/// in it.
bool names_since(log_index index, node_id node, const raft::recovered_state& log) {
  const auto last
    = std::find_if(log.entries.rbegin(), log.entries.rend(),
                   [](const raft::entry& item) { return item.members != nullptr; });
  const bool in_mark = last == log.entries.rend();
  const auto& members = in_mark ? log.snapshot.members : *last->members;
  return (in_mark ? log.snapshot.index : last->index) >= index
         && raft::quorum::contains(raft::quorum::everyone(members), node);
}

} // namespace

journal_shell::journal_shell(caf::actor_config& config,
                             std::shared_ptr<storage::journal_store> store)
    : measured(config), store_(std::move(store)) {
}

auto journal_shell::make_behavior() -> behavior_type {
  return {
    [this](journal_append& what) { on_append(what); },
    [this](journal_load& what) {
      send(what.reply_to, journal_loaded{what.for_peer,
                                         store_->load(what.partition, what.first, what.max_bytes)});
    },
    [this](journal_scrub& what) {
      send(what.reply_to,
           journal_scrubbed{what.partition, what.life,
                            store_->scrub(what.partition, what.from, what.max_bytes)});
    },
    [this](const journal_recover& what) {
      // What a partition's last life gave to the journal must not come behind
      // what its next life believes to be there.
      on_commit();
      return on_recover(what);
    },
    [this](const journal_leave& what) { return on_leave(what); },
    [this](journal_read_map) { return journal_map{store_->read_map()}; },
    [this](const journal_write_map& what) { return done_with(store_->write_map(what.bytes)); },
    [this](journal_commit) { on_commit(); },
  };
}

void journal_shell::on_append(journal_append& what) {
  gathered_.push_back(std::move(what.what));
  waiting_.push_back(std::move(what.reply_to));
  if (gathered_.size() == 1)
    send(this, journal_commit{});
}

void journal_shell::on_commit() {
  if (gathered_.empty())
    return; // a recovery came first and took it along
  const auto answers = store_->append(gathered_);
  std::optional<error> fatal;
  for (std::size_t place = 0; place < answers.size(); ++place) {
    const auto number = gathered_[place].number;
    if (answers[place]) {
      send(waiting_[place], journal_written{number});
      continue;
    }
    const auto& why = answers[place].problem();
    log().error("a write failed", {{"partition", gathered_[place].partition},
                                  {"why", why.message}});
    send(waiting_[place], journal_failed{number, why});
    if (why.code != error_code::disk_full)
      fatal = why;
  }
  gathered_.clear();
  waiting_.clear();
  if (fatal)
    end_because_of(*fatal);
}

journal_recovered journal_shell::on_recover(const journal_recover& what) {
  auto remembered = store_->witnesses(what.partition);
  if (!remembered)
    log().error("what was remembered of the peers is damaged, and is begun anew",
                {{"partition", what.partition}, {"why", remembered.problem().message}});
  return {store_->recover(what.partition),
          remembered ? std::move(*remembered) : std::vector<raft::witnessed>{}};
}

/// With a log that can't be read, its word is all that it can keep.
journal_left journal_shell::on_leave(const journal_leave& what) {
  on_commit();
  const auto found = store_->recover(what.partition);
  if (found && names_since(what.members_index, store_->identity().node, *found))
    return {success(), true};
  return {done_with(store_->leave(what.partition)).how, false};
}

journal_done journal_shell::done_with(status how) {
  if (!how && how.problem().code != error_code::disk_full)
    end_because_of(how.problem());
  return {std::move(how)};
}

/// What was not made durable must not be believed later (rule 12): a new
/// incarnation opens the file again. A full disk is a refusal, and goes on.
void journal_shell::end_because_of(const error& why) {
  throw std::runtime_error("the journal can't be trusted any more: " + why.message);
}

} // namespace present
