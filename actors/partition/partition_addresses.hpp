#pragma once

#include "actors/partition/partition_contract.hpp"
#include "actors/system_names.hpp"
#include "runtime/supervision/address_book.hpp"

#include <memory>
#include <unordered_map>
#include <utility>

namespace present {

/// This node's replicas, by partition: each is looked up in the book once. Of one
/// thread.
class partition_addresses {
public:
  explicit partition_addresses(std::shared_ptr<supervision::address_book> book)
      : book_(std::move(book)) {}

  /// Null while there is no replica, or it is down.
  const partition_actor& of(partition_id partition) {
    auto known = known_.find(partition);
    if (known == known_.end())
      known
        = known_
            .emplace(partition, book_->address_of<partition_actor>(paths::partition(partition)))
            .first;
    return known->second.get();
  }

  /// Lets go of the actors: CAF counts references.
  void clear() { known_.clear(); }

private:
  const std::shared_ptr<supervision::address_book> book_;
  std::unordered_map<partition_id, supervision::address<partition_actor>> known_;
};

} // namespace present
