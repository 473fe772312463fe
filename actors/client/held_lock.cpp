#include "actors/client/held_lock.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>

namespace present {

namespace {

/// The holder answers within its release's deadline; the margin is for its being busy.
constexpr auto release_patience = std::chrono::seconds(10);

} // namespace

held_lock& held_lock::operator=(held_lock&& other) noexcept {
  if (this != &other) {
    (void)release();
    system_ = other.system_;
    holder_ = std::exchange(other.holder_, nullptr);
    fence_ = std::move(other.fence_);
  }
  return *this;
}

std::optional<error> held_lock::wait_lost(std::chrono::milliseconds patience) {
  if (!holder_)
    return make_error(error_code::fenced, "the lock was released");
  std::optional<error> lost;
  caf::scoped_actor self{*system_};
  self
    ->request(holder_, caf::infinite,
              client::watch_request{static_cast<std::uint32_t>(patience.count())})
    .receive(
      [&](client::end_of_lock& end) {
        if (end.is_over)
          lost = std::move(end.problem);
      },
      [&](const caf::error&) {
        lost = make_error(error_code::fenced, "the lock's actor has ended");
      });
  return lost;
}

std::optional<result<held_lock>> awaited_lock::wait(std::chrono::milliseconds patience) {
  client::lock_answer answer{{}, make_error(error_code::unknown_outcome,
                                            "the lock's actor has ended")};
  const auto ms = std::min<std::uint64_t>(static_cast<std::uint64_t>(patience.count()),
                                          ~std::uint32_t{0});
  caf::scoped_actor self{*held_.system_};
  self
    ->request(held_.holder_, caf::infinite,
              client::acquire_request{static_cast<std::uint32_t>(ms)})
    .receive([&](client::lock_answer& given) { answer = std::move(given); },
             [](const caf::error&) {});
  if (answer.problem.code != error_code::ok)
    return result<held_lock>{std::move(answer.problem)};
  if (answer.token.value == 0)
    return std::nullopt;
  held_.fence_.token = answer.token;
  return result<held_lock>{std::move(held_)};
}

present::status held_lock::release() {
  if (!holder_)
    return make_error(error_code::fenced, "the lock was released before");
  present::status how = success();
  caf::scoped_actor self{*system_};
  self->request(holder_, release_patience, client::release_request{})
    .receive(
      [&](client::end_of_lock& end) {
        if (end.problem.code != error_code::ok)
          how = std::move(end.problem);
      },
      [&](const caf::error&) {
        how = make_error(error_code::unknown_outcome, "the release was not answered in time");
      });
  caf::anon_send_exit(holder_, caf::exit_reason::user_shutdown);
  holder_ = nullptr;
  return how;
}

} // namespace present
