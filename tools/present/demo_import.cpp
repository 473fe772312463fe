#include "tools/present/demo_import.hpp"

#include "runtime/edge/clock.hpp"

#include <caf/all.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

namespace present::tools {

namespace {

/// Far beyond any election: a write that takes longer is a failure to show.
constexpr std::uint32_t write_deadline_ms = 30'000;
constexpr std::chrono::seconds answer_limit{60};

client::outcome_of_call write(caf::scoped_actor& self, const client::client_actor& client,
                              const std::string& space, const iso_record& record) {
  client::outcome_of_call outcome;
  const client::put_call what{space, record.key,
                              std::make_shared<const std::string>(record.value),
                              if_absent{}};
  self->request(client, answer_limit, client::timed_call{what, write_deadline_ms})
    .receive([&](client::outcome_of_call& answer) { outcome = std::move(answer); },
             [&](const caf::error&) {
               outcome.problem
                 = make_error(error_code::unknown_outcome, "the client didn't answer");
             });
  return outcome;
}

} // namespace

demo_import::demo_import(const plan& what)
    : plan_(what), news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      ledger_(what.records.size()) {
  for (std::size_t number = 0; number < what.clients; ++number)
    threads_.emplace_back([this] { write_records(); });
}

demo_import::~demo_import() {
  stopping_ = true;
  for (auto& thread : threads_)
    thread.join();
  ::close(news_);
}

void demo_import::write_records() {
  caf::scoped_actor self{plan_.session.system()};
  const auto client = plan_.session.spawn_client();
  while (!stopping_) {
    const auto place = next_++;
    if (place >= plan_.records.size())
      return;
    const auto& record = plan_.records[place];
    on_answer(record, write(self, client, plan_.space, record));
  }
}

void demo_import::on_answer(const iso_record& record,
                            const client::outcome_of_call& answer) {
  const std::lock_guard hold(mutex_);
  if (answer.problem.code != error_code::ok) {
    if (failure_.code == error_code::ok) {
      failure_ = answer.problem;
      failure_.message = record.key + ": " + failure_.message;
    }
    stopping_ = true;
    tell_news();
    return;
  }
  ledger_.on_acknowledged(edge::machine_clock().monotonic_ms(), answer.given.repeated);
  acknowledged_[record.key] = answer.given.version.value;
  const bool kill_is_news = ledger_.is_kill_due() && !kill_was_told_;
  kill_was_told_ = kill_was_told_ || kill_is_news;
  if (kill_is_news || ledger_.is_complete())
    tell_news();
}

void demo_import::tell_news() {
  ::eventfd_write(news_, 1);
}

void demo_import::take_news() {
  eventfd_t ignored = 0;
  ::eventfd_read(news_, &ignored);
}

import_ledger demo_import::ledger() const {
  const std::lock_guard hold(mutex_);
  return ledger_;
}

void demo_import::on_killed() {
  const std::lock_guard hold(mutex_);
  ledger_.on_killed(edge::machine_clock().monotonic_ms());
}

bool demo_import::is_over() const {
  const std::lock_guard hold(mutex_);
  return ledger_.is_complete() || failure_.code != error_code::ok;
}

error demo_import::failure() const {
  const std::lock_guard hold(mutex_);
  return failure_;
}

std::map<std::string, std::uint64_t> demo_import::acknowledged() const {
  const std::lock_guard hold(mutex_);
  return acknowledged_;
}

} // namespace present::tools
