#include "actors/client/load_actor.hpp"

#include <algorithm>

namespace present::client {

namespace {

constexpr std::uint32_t scan_rows = 100;

} // namespace

std::string load_key(std::uint64_t number) {
  auto digits = std::to_string(number);
  return "key-" + std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits;
}

auto load_shell::make_behavior() -> behavior_type {
  return {
    [this](load_plan& plan) {
      plan_ = std::move(plan);
      result_ = {};
      begun_ = 0;
      random_state_ = plan_.seed;
      value_ = std::make_shared<const std::string>(plan_.value_bytes, 'v');
      began_ns_ = time().monotonic_ns();
      promise_ = make_response_promise<caf::typed_response_promise<load_result>>();
      for (std::size_t client = 0; client < plan_.clients.size(); ++client)
        if (!is_over())
          begin_call(client);
      return promise_;
    },
  };
}

bool load_shell::is_over() const {
  return (plan_.calls != 0 && begun_ >= plan_.calls)
         || (plan_.duration_ms != 0
             && time().monotonic_ns() - began_ns_ >= plan_.duration_ms * 1'000'000);
}

void load_shell::begin_call(std::size_t client) {
  const bool locks = plan_.kind == load_kind::lock;
  auto what = locks ? call_kind{next_claim(client)} : next_call();
  ++begun_;
  ++under_way_;
  ask(client, time().monotonic_ns(), std::move(what), locks);
}

void load_shell::ask(std::size_t client, std::uint64_t began, call_kind what,
                     bool then_release) {
  std::optional<call_kind> release;
  if (then_release) {
    const auto& claimed = std::get<acquire_call>(what);
    release = release_call{claimed.space, claimed.key, claimed.claim};
  }
  request(plan_.clients[client], caf::infinite, timed_call{std::move(what), plan_.deadline_ms})
    .then([this, client, began, release](outcome_of_call& how) {
            if (release && how.problem.code == error_code::ok)
              ask(client, began, *release, false);
            else
              end_call(client, began, how);
          },
          [this, client, began](const caf::error&) {
            outcome_of_call lost;
            lost.problem = make_error(error_code::unknown_outcome, "the client ended");
            end_call(client, began, lost);
          });
}

void load_shell::end_call(std::size_t client, std::uint64_t began_ns,
                          const outcome_of_call& how) {
  --under_way_;
  if (how.problem.code == error_code::ok) {
    ++result_.calls;
    result_.latencies_us.push_back(
      static_cast<std::uint32_t>((time().monotonic_ns() - began_ns) / 1000));
  } else {
    ++result_.errors[std::string{traits_of(how.problem.code).name}];
  }
  if (!is_over())
    begin_call(client);
  else if (under_way_ == 0)
    finish();
}

void load_shell::finish() {
  result_.elapsed_ns = time().monotonic_ns() - began_ns_;
  std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
  plan_.clients.clear();
  promise_.deliver(std::move(result_));
}

/// Blind writes. A key that is drawn twice is written twice.
call_kind load_shell::next_transaction() {
  transact_call call{{plan_.space}, {}};
  const auto pieces = std::max<std::uint64_t>(plan_.pieces, 1);
  const auto first = draw() % pieces;
  for (std::uint32_t write = 0; write < plan_.operations; ++write) {
    const auto piece = (first + write % std::max(plan_.partitions, 1U)) % pieces;
    const auto begin = piece * plan_.keys / pieces;
    const auto end = std::max((piece + 1) * plan_.keys / pieces, begin + 1);
    call.what.then.push_back(put_step{{0}, load_key(begin + draw() % (end - begin)), value_});
  }
  return call;
}

call_kind load_shell::next_call() {
  if (plan_.kind == load_kind::transact)
    return next_transaction();
  auto key = load_key((plan_.in_order ? begun_ : draw()) % std::max<std::uint64_t>(plan_.keys, 1));
  auto kind = plan_.kind;
  if (kind == load_kind::mixed)
    kind = draw() % 2 == 0 ? load_kind::put : load_kind::get;
  switch (kind) {
    case load_kind::get:
      return get_call{plan_.space, std::move(key)};
    case load_kind::scan:
      return scan_call{plan_.space, std::move(key), "", scan_rows, false};
    default:
      return put_call{plan_.space, std::move(key), value_, always{}};
  }
}

acquire_call load_shell::next_claim(std::size_t client) {
  constexpr std::uint32_t lease_ms = 10'000;
  return {plan_.space, load_key(client), {draw() | 1}, lease_ms, true, "", nullptr};
}

/// xorshift64* (Marsaglia 2003, Vigna 2016): the same keys for the same seed.
std::uint64_t load_shell::draw() {
  random_state_ = random_state_ ? random_state_ : 1;
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  return random_state_ * 0x2545f4914f6cdd1d >> 11;
}

} // namespace present::client
