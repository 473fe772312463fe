#include "runtime/supervision/address_book.hpp"

#include <algorithm>

namespace present::supervision {

void address_slot::publish(caf::strong_actor_ptr actor) {
  const std::lock_guard hold(mutex_);
  actor_.swap(actor);
  version_.fetch_add(1, std::memory_order_release);
}

caf::strong_actor_ptr address_slot::current() const {
  const std::lock_guard hold(mutex_);
  return actor_;
}

std::shared_ptr<address_slot> address_book::slot(const std::string& path) {
  const std::lock_guard hold(mutex_);
  auto& known = slots_[path];
  if (auto alive = known.lock())
    return alive;
  auto made = std::make_shared<address_slot>();
  known = made;
  if (slots_.size() >= sweep_at_) {
    std::erase_if(slots_, [](const auto& row) { return row.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, slots_.size() * 2);
  }
  return made;
}

std::size_t address_book::names() const {
  const std::lock_guard hold(mutex_);
  return slots_.size();
}

caf::strong_actor_ptr address_book::find(const std::string& path) const {
  std::shared_ptr<address_slot> slot;
  {
    const std::lock_guard hold(mutex_);
    if (const auto found = slots_.find(path); found != slots_.end())
      slot = found->second.lock();
  }
  return slot ? slot->current() : nullptr;
}

} // namespace present::supervision
