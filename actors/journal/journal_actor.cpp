#include "actors/journal/journal_actor.hpp"

namespace present {

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
    [this](const journal_recover& what) {
      return journal_recovered{store_->recover(what.partition)};
    },
    [this](journal_commit) { on_commit(); },
  };
}

void journal_shell::on_append(journal_append& what) {
  gathered_.push_back(std::move(what.what));
  waiting_.emplace_back(std::move(what.reply_to), what.number);
  if (gathered_.size() == 1)
    send(this, journal_commit{});
}

void journal_shell::on_commit() {
  const auto done = store_->append(gathered_);
  gathered_.clear();
  if (!done)
    log().error("commit failed", {{"why", done.problem().message},
                                 {"writes", waiting_.size()}});
  for (auto& [who, number] : waiting_)
    if (done)
      send(who, journal_written{number});
    else
      send(who, journal_failed{number, done.problem()});
  waiting_.clear();
  // What was not made durable must not be believed later (rule 12): a new
  // incarnation opens the file again. A full disk is a refusal, and goes on.
  if (!done && done.problem().code != error_code::disk_full)
    throw std::runtime_error("the journal can't be trusted any more: " + done.problem().message);
}

} // namespace present
