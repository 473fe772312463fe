#include "actors/scrub/scrub_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

namespace {

/// What is wrong with what was read; nothing if it is sound, or couldn't be read just
/// now.
std::string damage_in(const error& problem) {
  return problem.code == error_code::damaged ? problem.message : std::string{};
}

std::string damage_in(const result<storage::scrub_report>& report) {
  if (!report)
    return damage_in(report.problem());
  if (report->is_clean())
    return {};
  return std::to_string(report->damaged.size()) + " records fail their check, "
         + std::to_string(report->wrong_buckets.size())
         + " buckets don't add up to what was written";
}

std::string damage_in(const result<storage::log_scrub_report>& report) {
  if (!report)
    return damage_in(report.problem());
  if (report->damaged.empty())
    return {};
  return std::to_string(report->damaged.size())
         + " entries fail their check, the first at index "
         + std::to_string(report->damaged.front().value);
}

} // namespace

scrub_shell::scrub_shell(caf::actor_config& config, const scrub::settings& options,
                         std::shared_ptr<supervision::address_book> addresses)
    : measured(config), machine_(options),
      checkpointer_(addresses->address_of<checkpoint_actor>(paths::checkpointer)),
      journal_(addresses->address_of<journal_actor>(paths::journal)) {
}

void scrub_shell::on_exit() {
  checkpointer_ = {};
  journal_ = {};
  replicas_.clear();
}

auto scrub_shell::make_behavior() -> behavior_type {
  describe_with([this] {
    return supervision::details{
      {"rows_read", std::to_string(machine_.rows_read())},
      {"passes", std::to_string(machine_.passes())},
      {"damage_found", std::to_string(machine_.damage_found())}};
  });
  return {
    [this](scrub_begin& what) {
      const auto partition = what.partition;
      const bool checked = what.checked;
      replicas_.insert_or_assign(partition,
                                 replica{std::move(what.state), std::move(what.reply_to)});
      tell(scrub::began{partition, checked});
    },
    [this](scrub_end what) {
      replicas_.erase(what.partition);
      tell(scrub::ended{what.partition});
    },
    [this](scrub_wake) {
      timer_.on_wake();
      tell(scrub::time_passed{});
    },
    [this](const state_scrubbed& what) {
      tell(scrub::state_read{what.partition, what.life,
                             what.report ? what.report->rows : 0,
                             what.report && what.report->pass_complete, what.gone,
                             damage_in(what.report)});
    },
    [this](const journal_scrubbed& what) {
      tell(scrub::log_read{what.partition, what.life,
                           what.report ? what.report->next : log_index{},
                           damage_in(what.report)});
    },
  };
}

void scrub_shell::tell(scrub::event_kind what) {
  for (const auto& effect : machine_.step({time().monotonic_ms(), std::move(what)}))
    std::visit([this](const auto& e) { perform(e); }, effect);
  timer_.arm(*this, time(), machine_.next_wake());
}

/// The tree restarts us with the checkpointer and the journal, so one that is gone is
/// no reason to wait.
void scrub_shell::perform(const scrub::read_state& what) {
  if (const auto& to = checkpointer_.get())
    send(to, state_scrub{what.partition, what.life, replicas_[what.partition].state,
                         what.max_rows, caf::actor_cast<scrub_step_listener>(this)});
}

void scrub_shell::perform(const scrub::read_log& what) {
  if (const auto& to = journal_.get())
    send(to, journal_scrub{what.partition, what.life, what.from, what.max_bytes,
                           caf::actor_cast<journal_scrub_listener>(this)});
}

void scrub_shell::perform(const scrub::verdict& what) {
  if (what.what != scrub::finding::sound)
    log().error("damage found", {{"partition", what.partition}, {"why", what.why}});
  if (const auto& to = replicas_[what.partition].who)
    send(to, scrub_verdict{what.what, what.why});
}

} // namespace present
