#pragma once

#include "actors/partition/transact.hpp"
#include "runtime/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What the steps that change a value in place make of it: for the state machine, and
/// for a client that reads what it is about to write.
namespace present {

/// The new value's bytes. `invalid` if what is there is of another type.
result<std::string> changed_by(const number_step& what, std::optional<std::string_view> there);
result<std::string> changed_by(const element_step& what, std::optional<std::string_view> there);

/// There is nothing to take anything out of: the key stays absent.
bool changes_nothing(const element_step& what, std::optional<std::string_view> there);

} // namespace present
