#pragma once

#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"

#include <compare>
#include <memory>
#include <string>
#include <variant>

/// What all operations are made of.
namespace present {

/// Bytes that are shared, never copied, from the link to the state table.
using bytes_ptr = std::shared_ptr<const std::string>;

/// What must hold of the key when the write is applied (P1).
struct always {
  friend bool operator==(always, always) = default;
};
/// The key does not exist.
struct if_absent {
  friend bool operator==(if_absent, if_absent) = default;
};
/// The key's current version is this one.
struct if_version {
  hlc_stamp version;
  friend bool operator==(if_version, if_version) = default;
};
using condition = std::variant<always, if_absent, if_version>;

/// The name of an operation for good: a retry carries the same (P4). A transaction
/// is named by the operation that asked for it.
struct operation_id {
  client_id client;
  operation_number number;
  friend auto operator<=>(const operation_id&, const operation_id&) = default;
};

} // namespace present
