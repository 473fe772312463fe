#include "runtime/supervision/supervisor_actor.hpp"

#include "runtime/supervision/starter.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace present::supervision {

namespace {

/// How an actor's end looks to the machine. An exit reason is CAF's: `normal` is
/// no error at all.
stop_reason reason_of(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::user_shutdown)
    return stop_reason::normal;
  if (reason == caf::exit_reason::kill)
    return stop_reason::killed;
  return stop_reason::error;
}

error ended_before(const std::string& path, const std::string& why) {
  return make_error(error_code::unknown_outcome,
                    "'" + path + "' ended before it was ready: " + why);
}

} // namespace

supervisor_actor::supervisor_actor(caf::actor_config& config,
                                   supervisor_spec spec,
                                   spawn_settings settings)
    : super(config),
      spec_(std::move(spec)),
      settings_(std::move(settings)),
      machine_(spec_.rules, {}) {
  std::vector<child_rules> rules;
  for (auto& child : spec_.children) {
    rules.push_back(child.rules());
    add(std::move(child));
  }
  spec_.children.clear();
  machine_ = restart_machine(spec_.rules, std::move(rules));
}

supervisor_actor::behavior_type supervisor_actor::make_behavior() {
  defer_ready(); // until all its children are
  set_down_handler([this](caf::scheduled_actor*, caf::down_msg& message) {
    on_down(message);
  });
  set_exit_handler([this](caf::scheduled_actor*, caf::exit_msg&) {
    step(restart::stop_requested{});
  });
  step(restart::start_requested{});
  return {
    [this](start_child& message) { return on_start_child(std::move(message)); },
    [this](const stop_child& message) { return on_stop_child(message); },
    [this](const child_initialised& message) { on_initialised(message); },
    [this](wake_up) {
      alarm_.reset();
      step(restart::time_passed{});
    },
  };
}

/// The last act, whatever ended this actor: no child outlives its supervisor.
void supervisor_actor::on_exit() {
  for (auto& [_, who] : children_) {
    if (who.actor)
      send_exit_to(who, caf::exit_reason::kill, true);
    let_go(who, stop_reason::killed, "its supervisor ended");
    settings_.all->leave(who.record);
    if (who.start_answer)
      who.start_answer->deliver(start_child_answer{
        ended_before(who.record->identity().path, "so did its supervisor")});
    for (auto& answer : who.stop_answers)
      answer.deliver(stop_child_answer{success()});
  }
  children_.clear();
}

// -- the machine's steps ---------------------------------------------------------

void supervisor_actor::step(restart::event_kind what) {
  later_.push_back(std::move(what));
  if (stepping_)
    return;
  stepping_ = true;
  for (std::size_t next = 0; next < later_.size(); ++next) {
    const restart::event event{settings_.clock->monotonic_ms(),
                               std::move(later_[next])};
    for (const auto& effect : machine_.step(event))
      std::visit([this](const auto& kind) { perform(kind); }, effect);
  }
  later_.clear();
  stepping_ = false;
  if (machine_.settled())
    become_ready();
  set_alarm();
}

void supervisor_actor::set_alarm() {
  const auto wanted = machine_.wakes_at();
  if (!wanted || (alarm_ && *alarm_ <= *wanted))
    return;
  const auto now = settings_.clock->monotonic_ms();
  const auto wait = *wanted > now ? *wanted - now : 1;
  alarm_ = wanted;
  delayed_send(this, std::chrono::milliseconds(wait), wake_up{});
}

void supervisor_actor::perform(const restart::start& effect) {
  auto& who = children_.at(effect.id);
  ++who.incarnation;
  try {
    starter made_by(
      system(), settings_, certify(who), context(),
      [this, &who](const caf::strong_actor_ptr& actor) {
        who.actor = actor;
        by_actor_.emplace(actor->id(), who.spec.id);
        monitor(caf::actor_cast<caf::actor>(actor));
      });
    who.spec.start(made_by);
  } catch (...) {
    const auto text = detail::text_of(std::current_exception());
    log().error("child couldn't be started",
                {{"child", effect.id}, {"error", text}});
    if (who.actor) { // it was made, and then the start function failed
      demonitor(who.actor->address());
      send_exit_to(who, caf::exit_reason::kill, true);
    }
    let_go(who, stop_reason::error, text);
    step(restart::child_stopped{effect.id, stop_reason::error, text});
  }
}

void supervisor_actor::perform(const restart::stop& effect) {
  auto& who = children_.at(effect.id);
  who.record->set_state(child_state::stopping, wall_ms());
  send_exit_to(who, caf::exit_reason::user_shutdown, false);
}

void supervisor_actor::perform(const restart::kill& effect) {
  auto& who = children_.at(effect.id);
  log().warning("child is killed", {{"child", effect.id}});
  who.record->set_state(child_state::stopping, wall_ms());
  send_exit_to(who, caf::exit_reason::kill, true);
}

void supervisor_actor::perform(const restart::abandon& effect) {
  auto& who = children_.at(effect.id);
  log().error("child is stuck in its own code, and abandoned",
              {{"child", effect.id}});
  demonitor(who.actor->address());
  let_go(who, stop_reason::killed, "stuck in its own code");
  settings_.all->count_abandoned();
}

void supervisor_actor::perform(const restart::forget& effect) {
  const auto found = children_.find(effect.id);
  auto& who = found->second;
  settings_.all->leave(who.record);
  if (who.start_answer)
    who.start_answer->deliver(start_child_answer{ended_before(
      who.record->identity().path, who.record->describe().last_error)});
  for (auto& answer : who.stop_answers)
    answer.deliver(stop_child_answer{success()});
  children_.erase(found);
}

void supervisor_actor::perform(const restart::stopped&) {
  quit(caf::exit_reason::user_shutdown);
}

void supervisor_actor::perform(const restart::escalate& effect) {
  log().error("gives up", {{"reason", effect.reason}});
  meter().set_error(effect.reason);
  quit(detail::crash(effect.reason));
}

// -- children --------------------------------------------------------------------

void supervisor_actor::add(child_spec spec) {
  child who;
  const actor_identity identity{settings_.node,
                                this->identity().path + "/" + spec.id,
                                spec.kind};
  who.record = std::make_shared<child_record>(identity);
  who.slot = settings_.addresses->slot(identity.path);
  settings_.all->enter(who.record);
  const auto id = spec.id;
  who.spec = std::move(spec);
  children_.insert_or_assign(id, std::move(who));
}

birth_certificate supervisor_actor::certify(child& who) {
  who.meter = who.record->begin_incarnation(wall_ms());
  auto self = caf::actor_cast<supervisor_handle>(this);
  return {who.record, who.meter, settings_.clock, settings_.tracer,
          [self, id = who.spec.id, incarnation = who.incarnation] {
            caf::anon_send(self, child_initialised{id, incarnation});
          }};
}

void supervisor_actor::on_initialised(const child_initialised& message) {
  const auto found = children_.find(message.id);
  if (found == children_.end())
    return;
  auto& who = found->second;
  if (!who.actor || who.incarnation != message.incarnation)
    return;
  who.slot->publish(who.actor);
  who.record->set_state(child_state::running, wall_ms());
  if (who.start_answer)
    who.start_answer->deliver(start_child_answer{who.actor});
  who.start_answer.reset();
  step(restart::child_started{message.id});
}

void supervisor_actor::on_down(const caf::down_msg& message) {
  const auto known = by_actor_.find(message.source.id());
  if (known == by_actor_.end())
    return;
  const auto id = known->second;
  auto& who = children_.at(id);
  const auto reason = reason_of(message.reason);
  auto text = who.meter->error();
  if (text.empty() && reason != stop_reason::normal)
    text = system().render(message.reason);
  const bool asked = who.record->state() == child_state::stopping;
  if (reason != stop_reason::normal && !asked)
    log().warning("child crashed", {{"child", id}, {"error", text}});
  let_go(who, reason, text);
  step(restart::child_stopped{id, reason, text});
  answer_if_idle(id);
}

/// A transient child may end before it is ready, and not start again.
void supervisor_actor::answer_if_idle(const std::string& id) {
  const auto found = children_.find(id);
  if (found == children_.end() || !found->second.start_answer
      || machine_.phase_of(id) != restart_machine::child_phase::idle)
    return;
  auto& who = found->second;
  who.start_answer->deliver(start_child_answer{
    ended_before(who.record->identity().path, "it had nothing to do")});
  who.start_answer.reset();
}

/// The child's actor is gone: nobody is to reach it any more.
void supervisor_actor::let_go(child& who, stop_reason reason,
                              const std::string& text) {
  who.slot->clear();
  if (who.actor)
    by_actor_.erase(who.actor->id());
  who.actor = nullptr;
  if (reason == stop_reason::normal)
    who.record->set_state(child_state::stopped, wall_ms());
  else
    who.record->set_crashed(text, wall_ms());
}

/// Urgent: ahead of what waits in the mailbox.
void supervisor_actor::send_exit_to(const child& who, caf::exit_reason reason,
                                    bool urgent) {
  const auto priority = urgent ? caf::message_priority::high
                               : caf::message_priority::normal;
  who.actor->enqueue(ctrl(), caf::make_message_id(priority),
                     caf::make_message(caf::exit_msg{address(), reason}),
                     context());
}

// -- mail ------------------------------------------------------------------------

supervisor_actor::start_promise
supervisor_actor::on_start_child(start_child message) {
  auto answer = make_response_promise<start_promise>();
  const auto id = message.spec.id;
  if (machine_.ending() || machine_.has(id)) {
    answer.deliver(start_child_answer{make_error(
      error_code::invalid, machine_.ending()
                             ? identity().path + " is stopping"
                             : "there is a child '" + id + "' already")});
    return answer;
  }
  const auto rules = message.spec.rules();
  add(std::move(message.spec));
  children_.at(id).start_answer = answer;
  step(restart::add_child{rules});
  return answer;
}

supervisor_actor::stop_promise
supervisor_actor::on_stop_child(const stop_child& message) {
  auto answer = make_response_promise<stop_promise>();
  const auto found = children_.find(message.id);
  if (found == children_.end()) {
    answer.deliver(stop_child_answer{make_error(
      error_code::not_found, "there is no child '" + message.id + "'")});
    return answer;
  }
  found->second.stop_answers.push_back(answer);
  step(restart::remove_child{message.id});
  return answer;
}

/// Asks all children at once; the last answer, or its absence, ends it.
void supervisor_actor::answer(const describe_request& request,
                              caf::response_promise promise) {
  struct gathering {
    description all;
    std::size_t missing = 0;
    caf::response_promise promise;

    void on_row() {
      if (--missing == 0)
        promise.deliver(std::move(all));
    }
  };
  auto gathered = std::make_shared<gathering>();
  gathered->all = describe_self();
  gathered->all.more.emplace_back("strategy", to_string(spec_.rules.how));
  gathered->all.more.emplace_back("children",
                                  std::to_string(children_.size()));
  gathered->promise = std::move(promise);
  gathered->missing = 1; // this function itself
  // Not a std::chrono duration: with one, CAF 0.17 forgets the priority.
  const caf::duration patience{
    std::chrono::milliseconds(request.budget_ms)};
  const describe_request asked{request.budget_ms - request.budget_ms / 4,
                               request.most_children};
  for (const auto& id : machine_.children()) {
    auto& rows = gathered->all.children;
    if (rows.size() == request.most_children)
      break;
    const auto& who = children_.at(id);
    const auto place = rows.size();
    rows.push_back(who.record->describe());
    if (!who.actor)
      continue;
    ++gathered->missing;
    const auto record = who.record;
    this->request<caf::message_priority::high>(
          caf::actor_cast<caf::actor>(who.actor), patience, asked)
      .then(
        [gathered, place](description& said) {
          gathered->all.children[place] = std::move(said);
          gathered->on_row();
        },
        [gathered, place, record](const caf::error&) {
          auto& row = gathered->all.children[place];
          row = record->describe();
          if (row.state == to_string(child_state::running))
            row.state = "busy";
          gathered->on_row();
        });
  }
  gathered->on_row();
}

child_spec as_child(supervisor_spec spec, restart_kind restart) {
  const auto id = spec.id;
  return {id, "supervisor", restart, wait_for_ever,
          [spec = std::move(spec)](starter& with) {
            return with.start<supervisor_actor>(spec, with.settings());
          }};
}

} // namespace present::supervision
