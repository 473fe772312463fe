#include "actors/client/client_call.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::client {

space_id place_in(std::vector<std::string>& spaces, const std::string& name) {
  const auto found = std::find(spaces.begin(), spaces.end(), name);
  const auto place = static_cast<space_id::rep>(found - spaces.begin());
  if (found == spaces.end())
    spaces.push_back(name);
  return {place};
}

bool is_write(const call_kind& what) {
  if (const auto* all = std::get_if<transact_call>(&what))
    return !all->what.is_read_only() || all->fence;
  return !std::holds_alternative<get_call>(what)
         && !std::holds_alternative<scan_call>(what)
         && !std::holds_alternative<map_call>(what)
         && !std::holds_alternative<watch_call>(what)
         && !std::holds_alternative<keep_call>(what)
         && !std::holds_alternative<read_lock_call>(what);
}

bool is_stale_read(const call_kind& what) {
  const auto* one = std::get_if<get_call>(&what);
  const auto* many = std::get_if<scan_call>(&what);
  const auto* watching = std::get_if<watch_call>(&what);
  return (one && one->stale) || (many && many->stale) || (watching && watching->what.stale);
}

const std::string* space_of(const call_kind& what) {
  return std::visit(
    [](const auto& c) -> const std::string* {
      if constexpr (requires { c.space; })
        return &c.space;
      else
        return nullptr;
    },
    what);
}

const fence_name* fence_of(const call_kind& what) {
  return std::visit(
    [](const auto& c) -> const fence_name* {
      if constexpr (requires { c.fence; })
        return c.fence ? &*c.fence : nullptr;
      else
        return nullptr;
    },
    what);
}

const std::string* space_missing_in(const cluster_map& map, const call_kind& what) {
  if (const auto* fence = fence_of(what); fence && !map.spaces.contains(fence->space))
    return &fence->space;
  if (const auto* all = std::get_if<transact_call>(&what)) {
    for (const auto& name : all->spaces)
      if (!map.spaces.contains(name))
        return &name;
    return nullptr;
  }
  const auto* name = space_of(what);
  return name && !map.spaces.contains(*name) ? name : nullptr;
}

std::string_view routing_key(const call_kind& what) {
  return std::visit(
    [](const auto& c) {
      if constexpr (requires { c.first; })
        return std::string_view{c.first};
      else if constexpr (requires { c.key; })
        return std::string_view{c.key};
      else
        return std::string_view{};
    },
    what);
}

decltype(operation::what) as_operation_in(space_id space, const call_kind& what) {
  using body = decltype(operation::what);
  return std::visit(
    overloaded{
      [&](const get_call& c) -> body { return get{space, c.key, c.stale, c.at}; },
      [&](const scan_call& c) -> body {
        return scan{space,   c.first, c.last, c.limit, c.keys_only,
                    c.stale, c.at,    c.escalated};
      },
      [&](const put_call& c) -> body { return put{space, c.key, c.value, c.when, c.knows}; },
      [&](const remove_call& c) -> body { return remove_key{space, c.key, c.when, c.knows}; },
      [&](const settle_call& c) -> body {
        return settle_escalation{space, c.key, c.write, c.accept};
      },
      [&](const watch_call& c) -> body {
        auto asked = c.what;
        asked.space = space;
        return asked;
      },
      [&](const acquire_call& c) -> body {
        return acquire_lock{space, c.key, c.claim, c.lease_ms, c.wait, c.owner, c.value,
                            c.of_session};
      },
      [&](const keep_call& c) -> body { return keep_lock{space, c.key, c.claim, c.wait_ms}; },
      [&](const release_call& c) -> body { return release_lock{space, c.key, c.claim}; },
      [&](const read_lock_call& c) -> body {
        return read_lock{space, c.key, c.known, c.wait_ms};
      },
      [&](const end_call& c) -> body { return end_session{space, c.key}; },
      [&](const raise_call& c) -> body { return raise_fence{space, c.key}; },
      [](const map_call&) -> body { return {}; },
      [](const transact_call&) -> body { return {}; },
      [](const part_call& c) -> body { return c.what->what; },
      [](const auto& c) -> body { return c; },
    },
    what);
}

bool is_verdict(const answer& given) {
  // Who met a lock was refused at the door, and comes back.
  if (given.holder)
    return false;
  switch (given.code) {
    case error_code::ok:
    case error_code::not_found:
    case error_code::unknown_space:
    case error_code::version_conflict:
    case error_code::transaction_conflict:
    case error_code::retroactive_write:
    case error_code::too_old:
    case error_code::fenced:
    case error_code::schema_incompatible:
    case error_code::obligation_violated:
    case error_code::too_large:
    case error_code::invalid:
      return true;
    default:
      return false;
  }
}

} // namespace present::client
