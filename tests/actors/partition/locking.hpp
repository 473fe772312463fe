#pragma once

#include "tests/actors/partition/transactions.hpp"

/// Locks in one line each.
namespace present::partition::test {

inline acquire_lock acquiring(std::uint64_t claim, std::string key = "lock", bool wait = true) {
  return {things, std::move(key), {claim}, 1000, wait, "claim " + std::to_string(claim), nullptr};
}
/// The same, to go with its client's session.
inline acquire_lock claiming(std::uint64_t claim, std::string key = "lock") {
  auto asked = acquiring(claim, std::move(key));
  asked.of_session = true;
  return asked;
}
inline end_session ending() {
  return {things, "any"};
}
inline release_lock releasing(std::uint64_t claim, std::string key = "lock") {
  return {things, std::move(key), {claim}};
}
inline keep_lock keeping(std::uint64_t claim, std::uint32_t wait_ms = 0) {
  return {things, "lock", {claim}, wait_ms};
}
inline claim_name claim_of(std::uint64_t claim, std::string key = "lock") {
  return {{things, std::move(key)}, {claim}};
}
/// Under a lock of this space, or of another.
inline operation under(operation asked, hlc_stamp token, std::string lock = "lock",
                       space_id space = things) {
  asked.fence = std::make_shared<const lock_fence>(lock_fence{space, std::move(lock), token});
  return asked;
}

} // namespace present::partition::test
