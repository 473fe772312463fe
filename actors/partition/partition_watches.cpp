#include "actors/partition/answers.hpp"
#include "actors/partition/partition_machine.hpp"
#include "runtime/base/overloaded.hpp"

/// What the partition's machine does about watches: finds out whether it may answer them,
/// and leaves the rest to watch_machine.
namespace present::partition {

namespace {

const watch* watch_in(const request& what) {
  return what.operations.size() == 1 ? std::get_if<watch>(&what.operations.front().what)
                                     : nullptr;
}

answer page_answer(std::shared_ptr<const watched_page> page) {
  answer given;
  given.watched = std::move(page);
  return given;
}

} // namespace

/// False: it is none.
bool partition_machine::take_watch(const event& input, const arrived& what, effects& out) {
  const auto* asked = watch_in(*what.what);
  if (!asked)
    return false;
  if (auto unfit = unfit_to_lead(); unfit && !asked->stale) {
    refuse(what.tag, std::move(*unfit), out);
    return true;
  }
  if (requests_.size() >= options_.max_open_requests) {
    auto full = make_error(error_code::overloaded, "the partition's queue is full");
    full.retry_after_ms = 20;
    refuse(what.tag, std::move(full), out);
    return true;
  }
  auto& opened = requests_.open(what.tag, what.what, input.now + asked->wait_ms);
  opened.is_traced = what.is_traced;
  opened.fates.front() = waits_for::change;
  if (auto broken = limit_broken_by(what.what->operations.front()))
    answer_watch(what.tag, refused_answer(broken->code, broken->message), out);
  else if (!state_->has_part_of(asked->space))
    answer_watch(what.tag, not_mine_answer(), out);
  else
    step_watches(watching::asked{what.tag, *asked}, out);
  return true;
}

void partition_machine::step_watches(watching::event&& what, effects& out) {
  watching::effects told;
  watches_.step(std::move(what), told);
  tell_watches(told, out);
}

void partition_machine::tell_watches(watching::effects& told, effects& out) {
  for (auto& effect : told)
    std::visit(overloaded{
                 [&](watching::page_ready& e) {
                   answer_watch(e.tag, page_answer(std::move(e.what)), out);
                 },
                 [&](watching::refused& e) {
                   answer_watch(e.tag, refused_answer(e.why.code, e.why.message), out);
                 },
               },
               effect);
}

void partition_machine::answer_watch(request_tag tag, answer given, effects& out) {
  auto& asked = *requests_.find(tag);
  asked.answer_place(0, std::move(given));
  respond_if_complete(tag, asked, out);
}

/// Those of a space that is another partition's now, or nobody's.
void partition_machine::end_watches_elsewhere(effects& out) {
  const auto elsewhere = not_mine_answer();
  watching::effects told;
  watches_.refuse_where([&](const watch& what) { return !state_->has_part_of(what.space); },
                        make_error(elsewhere.code, elsewhere.message), told);
  tell_watches(told, out);
}

/// Its time is over: a place to go on from, unless another replica is to be asked.
void partition_machine::end_watch(request_tag tag, effects& out) {
  const auto* asked = watch_in(*requests_.find(tag)->what);
  watching::effects told;
  watches_.step(watching::time_over{tag}, told);
  if (phase_ != phase::following || asked->stale)
    return tell_watches(told, out);
  const auto why = not_leading();
  answer_watch(tag, refused_answer(why.code, why.message), out);
}

} // namespace present::partition
