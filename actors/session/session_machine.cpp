#include "actors/session/session_machine.hpp"

#include "actors/partition/commit_step.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::session {

namespace {

std::shared_ptr<const response> refusal(error why) {
  auto reply = std::make_shared<response>();
  reply->failure = std::move(why);
  return reply;
}

/// Nodes, and what waits for somebody to decide.
bool is_for_admins(const operation& asked) {
  return std::visit(overloaded{
                      [](const add_node&) { return true; },
                      [](const drain_node&) { return true; },
                      [](const remove_node&) { return true; },
                      [](const report_members&) { return true; },
                      [](const settle_escalation&) { return true; },
                      [](const auto&) { return false; },
                    },
                    asked.what);
}

/// What partitions of a transaction ask of each other: anybody else could say that it
/// was decided otherwise.
bool is_between_partitions(const operation& asked) {
  return commit_step_of(asked).has_value();
}

} // namespace

void session_machine::step(const event& input, effects& out) {
  std::visit([&](const auto& what) { on(what, out); }, input);
}

void session_machine::on(const called& what, effects& out) {
  const auto& asked = what.what->operations;
  if (!may_administer_ && std::any_of(asked.begin(), asked.end(), is_for_admins)) {
    out.push_back(reply{what.number,
                        refusal(make_error(error_code::denied,
                                           "what changes the cluster's nodes, or settles what "
                                           "waits for a decision, takes the certificate of an "
                                           "admin"))});
    return;
  }
  if (!may_administer_ && std::any_of(asked.begin(), asked.end(), is_between_partitions)) {
    out.push_back(reply{what.number,
                        refusal(make_error(error_code::denied,
                                           "steps of a transaction between partitions take "
                                           "the certificate of a node"))});
    return;
  }
  const auto operations = what.what->operations.size();
  if (under_way_ + operations > bounds::max_session_inflight) {
    auto why = make_error(error_code::overloaded,
                          "the session has " + std::to_string(under_way_)
                            + " operations under way; the limit is "
                            + std::to_string(bounds::max_session_inflight));
    why.retry_after_ms = 20;
    out.push_back(reply{what.number, refusal(std::move(why))});
    return;
  }
  const bool writes
    = std::any_of(what.what->operations.begin(), what.what->operations.end(),
                  [](const operation& o) { return !o.is_read(); });
  const auto fresh
    = open_.emplace(what.number, open_call{what.what->partition, operations, writes}).second;
  check(fresh, "I1: a call number is used once");
  under_way_ += operations;
  out.push_back(forward{what.number, what.what});
}

void session_machine::on(const responded& what, effects& out) {
  const auto found = open_.find(what.number);
  if (found == open_.end())
    return; // its partition was lost, and the client has heard that
  under_way_ -= found->second.operations;
  open_.erase(found);
  out.push_back(reply{what.number, what.what});
}

void session_machine::on(const partition_lost& what, effects& out) {
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->second.partition != what.partition) {
      ++it;
      continue;
    }
    auto why = it->second.writes
                 ? make_error(error_code::unknown_outcome,
                              "the partition's replica on this node was restarted")
                 : make_error(error_code::no_quorum,
                              "the partition's replica on this node is not running");
    under_way_ -= it->second.operations;
    out.push_back(reply{it->first, refusal(std::move(why))});
    it = open_.erase(it);
  }
}

} // namespace present::session
