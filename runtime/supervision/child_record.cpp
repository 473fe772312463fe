#include "runtime/supervision/child_record.hpp"

#include <algorithm>

namespace present::supervision {

std::string_view to_string(child_state state) {
  switch (state) {
    case child_state::starting:
      return "starting";
    case child_state::running:
      return "running";
    case child_state::stopping:
      return "stopping";
    case child_state::stopped:
      return "stopped";
    case child_state::crashed:
      return "crashed";
  }
  return "stopped";
}

std::shared_ptr<actor_meter>
child_record::begin_incarnation(std::uint64_t wall_ms) {
  auto fresh = std::make_shared<actor_meter>();
  const std::lock_guard hold(mutex_);
  if (meter_) {
    handled_before_ += meter_->handled();
    handling_ns_before_ += meter_->handling_ns();
  }
  meter_ = fresh;
  ++incarnations_;
  state_ = child_state::starting;
  since_ms_ = wall_ms;
  return fresh;
}

void child_record::set_state(child_state state, std::uint64_t wall_ms) {
  const std::lock_guard hold(mutex_);
  state_ = state;
  since_ms_ = wall_ms;
}

void child_record::set_crashed(std::string error, std::uint64_t wall_ms) {
  const std::lock_guard hold(mutex_);
  state_ = child_state::crashed;
  since_ms_ = wall_ms;
  last_error_ = std::move(error);
}

child_state child_record::state() const {
  const std::lock_guard hold(mutex_);
  return state_;
}

description child_record::describe() const {
  description row;
  row.id = identity_.path;
  row.kind = identity_.kind;
  row.node = identity_.node;
  const std::lock_guard hold(mutex_);
  row.state = to_string(state_);
  row.since_ms = since_ms_;
  row.restarts = incarnations_ > 0 ? incarnations_ - 1 : 0;
  row.last_error = last_error_;
  row.handled = handled_before_;
  auto handling_ns = handling_ns_before_;
  if (meter_) {
    row.handled += meter_->handled();
    handling_ns += meter_->handling_ns();
  }
  row.handling_us = handling_ns / 1000;
  const bool alive
    = state_ != child_state::stopped && state_ != child_state::crashed;
  row.mailbox = meter_ && alive ? meter_->mailbox() : 0;
  return row;
}

void census::enter(const std::shared_ptr<child_record>& record) {
  const std::lock_guard hold(mutex_);
  present_.emplace(record.get(), record);
}

void census::leave(const std::shared_ptr<child_record>& record) {
  const std::lock_guard hold(mutex_);
  if (present_.erase(record.get()) == 0)
    return;
  const auto row = record->describe();
  auto& sums = left_[row.kind];
  sums.handled += row.handled;
  sums.handling_us += row.handling_us;
  sums.restarts += row.restarts;
}

std::map<std::string, kind_totals> census::totals() const {
  const std::lock_guard hold(mutex_);
  auto all = left_;
  for (const auto& [_, record] : present_) {
    const auto row = record->describe();
    auto& sums = all[row.kind];
    ++sums.actors;
    sums.mailbox += row.mailbox;
    sums.deepest_mailbox = std::max(sums.deepest_mailbox, row.mailbox);
    sums.handled += row.handled;
    sums.handling_us += row.handling_us;
    sums.restarts += row.restarts;
  }
  return all;
}

} // namespace present::supervision
