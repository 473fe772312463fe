#pragma once

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace present::supervision {

/// Where one name's current actor stands. Thread-safe. The supervisor writes it:
/// the actor once it has initialised itself, nothing once it is down.
class address_slot {
public:
  void publish(caf::strong_actor_ptr actor);
  void clear() { publish(nullptr); }

  caf::strong_actor_ptr current() const;
  /// Changes with each `publish`.
  std::uint64_t version() const {
    return version_.load(std::memory_order_acquire);
  }

private:
  std::atomic<std::uint64_t> version_{1};
  mutable std::mutex mutex_;
  caf::strong_actor_ptr actor_; ///< guarded by `mutex_`
};

/// The handle behind a name, kept up to date over restarts: how actors hold each
/// other. Each holder has its own (not thread-safe; cheap to copy); `get` costs
/// one load unless the actor was restarted since.
///
///     address<journal_handle> journal{book.slot("node/journal")};
///     if (const auto& to = journal.get())
///       self->send(to, ...);
template <class Handle>
class address {
public:
  address() = default;
  explicit address(std::shared_ptr<address_slot> slot)
      : slot_(std::move(slot)) {}

  /// Null while the actor is down: say `overloaded` or drop, as for a full queue.
  const Handle& get() {
    if (slot_ && slot_->version() != seen_)
      refresh();
    return handle_;
  }

private:
  void refresh() {
    seen_ = slot_->version();
    // The slot's name says which contract its actor has: unchecked, as all
    // names in a tree are.
    auto current = slot_->current();
    handle_ = current ? caf::actor_cast<Handle>(std::move(current)) : Handle{};
  }

  std::shared_ptr<address_slot> slot_;
  std::uint64_t seen_ = 0;
  Handle handle_;
};

/// Names of one node's actors: their paths in the tree. Thread-safe.
class address_book {
public:
  /// The slot of `path`, made if need be: an actor may be asked for before it is
  /// started. It lasts as long as somebody holds it.
  std::shared_ptr<address_slot> slot(const std::string& path);

  /// The actor now behind `path`; null if there is none.
  caf::strong_actor_ptr find(const std::string& path) const;

  /// How many names are kept, those about to be swept out included.
  std::size_t names() const;

  template <class Handle>
  address<Handle> address_of(const std::string& path) {
    return address<Handle>{slot(path)};
  }

private:
  mutable std::mutex mutex_;
  /// Guarded by `mutex_`. Slots that nobody holds are swept out when the map has
  /// doubled: the names of sessions never come back.
  std::unordered_map<std::string, std::weak_ptr<address_slot>> slots_;
  std::size_t sweep_at_ = 1024;
};

} // namespace present::supervision
