#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "storage/crdt/crdt_value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace present::client {

/// A change of a CRDT in words, as a command has it. Which of them a type takes:
///
///     g-counter, pn-counter   add
///     lww-register            write, clear
///     mv-register             write, clear
///     or-set                  insert, erase, clear
///     or-map                  with `field`: write, insert, erase, clear
struct crdt_change {
  std::string type;
  crdt::replica_id by;
  hlc_stamp now; ///< of a write to an lww-register: above all that it has seen
  std::optional<std::string> field;
  std::optional<std::int64_t> add;
  std::optional<std::string> write;
  std::vector<std::string> insert;
  std::vector<std::string> erase;
  bool clear = false;
};

/// What is to be put so that the change is made, into a space of `merge:crdt`; `current`
/// is what was read, empty if nothing was there. No two at a time may change one value
/// as one replica: put it on the condition that `current` is still there.
///
/// `invalid`: an unknown type, a change that the type doesn't take, none at all, or
/// another type is there.
result<std::string> delta_of(std::optional<std::string_view> current, const crdt_change& what);

} // namespace present::client
