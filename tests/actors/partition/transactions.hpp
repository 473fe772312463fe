#pragma once

#include "actors/partition/state_machine.hpp"
#include "storage/memory_state_backend.hpp"
#include "storage/typed_value.hpp"
#include "tests/actors/partition/operations.hpp"

#include <memory>
#include <string>
#include <vector>

/// Transactions in one line each, and a partition that applies them.
namespace present::partition::test {

inline constexpr space_id things{1};

inline step put_in(std::string key, std::string value) {
  return put_step{things, std::move(key), bytes(std::move(value))};
}
inline step remove_in(std::string key) {
  return remove_step{things, std::move(key)};
}
inline step get_in(std::string key) {
  return get_step{things, std::move(key)};
}
inline step add_in(std::string key, std::int64_t operand) {
  return number_step{things, std::move(key), number_change::add, operand};
}
inline step append_in(std::string key, std::string element) {
  return element_step{things, std::move(key), element_change::append, std::move(element)};
}
inline transact doing(std::vector<step> then) {
  transact what;
  what.then = std::move(then);
  return what;
}
inline transact having_seen(transact what, std::string key, hlc_stamp version) {
  what.seen.push_back({things, std::move(key), version});
  return what;
}

/// A state machine that owns one space, applies what it is given at rising stamps, and
/// can be written back and built again.
class applied_partition {
public:
  explicit applied_partition(const session_limits& limits = {},
                             const storage::space_settings& settings = {})
      : limits_(limits) {
    open();
    adopt_share share{{1}, {{things, "", ""}}};
    if (settings != storage::space_settings{})
      share.spaces.push_back({things, settings});
    machine_->apply(batch_at(next_stamp(), {}, share));
  }

  answer apply(operation asked) {
    asked.retry_until = hlc_stamp::of(now_ms + 10'000, 0);
    return machine_->apply(batch_at(next_stamp(), {std::move(asked)})).front();
  }
  template <class What>
  answer apply(What what) {
    return apply(write(1, ++last_number_, std::move(what)));
  }
  void log(own_command command) { machine_->apply(batch_at(next_stamp(), {}, std::move(command))); }
  answer get(const std::string& key) const { return machine_->read(present::get{things, key}); }

  void restart() {
    machine_->write_back();
    const auto frozen = table_->freeze({{++checkpoints_}, {1}, {}});
    (void)disk_.write(**frozen);
    table_->release_frozen();
    open();
  }

  state_machine& machine() { return *machine_; }
  hlc_stamp last_stamp() const { return hlc_stamp::of(now_ms, 0); }
  std::uint64_t now_ms = first_wall_ms;

private:
  hlc_stamp next_stamp() { return hlc_stamp::of(++now_ms, 0); }
  void open() {
    machine_.reset(); // it takes leave of its table
    table_ = std::make_unique<storage::state>(disk_);
    machine_ = std::make_unique<state_machine>(partition_id{1}, limits_, *table_);
  }

  session_limits limits_;
  storage::memory_state_backend disk_;
  std::unique_ptr<storage::state> table_;
  std::unique_ptr<state_machine> machine_;
  std::uint64_t last_number_ = 0;
  std::uint64_t checkpoints_ = 0;
};

} // namespace present::partition::test
