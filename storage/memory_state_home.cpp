#include "storage/memory_state_home.hpp"

#include <utility>

namespace present::storage {

namespace {

/// Closing it leaves the disk as it is.
class opened_next final : public state_backend {
public:
  explicit opened_next(std::shared_ptr<memory_state_backend> disk)
      : disk_(std::move(disk)) {}

  result<std::optional<record>> get(const record_key& key) const override {
    return disk_->get(key);
  }
  status scan(const record_key& first, const record_key& last,
              const row_visitor& visit) const override {
    return disk_->scan(first, last, visit);
  }
  status write(const checkpoint& what) override { return disk_->write(what); }
  result<raft::snapshot_mark> applied() const override {
    return disk_->applied();
  }
  state_digest digest() const override { return disk_->digest(); }
  result<scrub_report> scrub(std::size_t max_rows) override {
    return disk_->scrub(max_rows);
  }

private:
  const std::shared_ptr<memory_state_backend> disk_;
};

} // namespace

result<std::shared_ptr<state_backend>> memory_state_home::open() {
  if (condemned_ && state_.use_count() > 1)
    return make_error(error_code::overloaded, "the condemned state is still open");
  if (std::exchange(condemned_, false))
    state_ = std::make_shared<memory_state_backend>();
  return std::shared_ptr<state_backend>{state_};
}

result<std::unique_ptr<state_backend>> memory_state_home::open_next() {
  next_ = std::make_shared<memory_state_backend>();
  return std::unique_ptr<state_backend>{std::make_unique<opened_next>(next_)};
}

status memory_state_home::replace() {
  if (state_.use_count() > 1 || next_.use_count() > 1)
    return make_error(error_code::overloaded, "the state is still open");
  if (!next_)
    return make_error(error_code::invalid, "there is no next state");
  next_->sync();
  state_ = std::exchange(next_, nullptr);
  condemned_ = false;
  return success();
}

status memory_state_home::remove() {
  if (state_.use_count() > 1)
    return make_error(error_code::overloaded, "the state is still open");
  state_ = std::make_shared<memory_state_backend>();
  next_.reset();
  condemned_ = false;
  return success();
}

result<std::unique_ptr<spool>> memory_state_home::make_spool() {
  return std::unique_ptr<spool>{std::make_unique<memory_spool>()};
}

std::shared_ptr<memory_state_home> memory_state_home::copy() const {
  auto made = std::make_shared<memory_state_home>(*this);
  made->state_ = std::make_shared<memory_state_backend>(*state_);
  made->next_.reset();
  return made;
}

void memory_state_home::crash(std::size_t survivors) {
  next_.reset();
  state_->crash(survivors);
}

} // namespace present::storage
