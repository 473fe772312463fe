#pragma once

#include "actors/partition/partition_addresses.hpp"

#include <capnp/any.h>

#include <memory>
#include <vector>

namespace present {

/// Reads the letters of one connection: hands raft's mail to the partitions. Lives
/// on the network thread.
class letter_reader {
public:
  /// `peer` is the node that the connection's certificate names.
  letter_reader(node_id self, node_id peer,
                std::shared_ptr<supervision::address_book> addresses)
      : self_(self), peer_(peer), partitions_(std::move(addresses)) {}

  void on_letter(capnp::AnyStruct::Reader letter);

private:
  void hand_over(partition_id partition, std::vector<raft::message> messages);

  const node_id self_;
  const node_id peer_;
  partition_addresses partitions_;
};

} // namespace present
