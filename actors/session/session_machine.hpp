#pragma once

#include "actors/partition/operation.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <variant>
#include <vector>

/// What one connection's session decides.
///
///   called ──room?──▶ forward ──responded──▶ reply
///      │ no              │ partition lost
///      ▼                 ▼
///   reply overloaded   reply unknown_outcome (reads: no_quorum)
///
/// I1  Each call gets exactly one reply.
/// I2  At most bounds::max_session_inflight operations are under way.
/// I3  What was forwarded and lost is never called `not_applied` if it writes.
/// I4  What changes the set of nodes is forwarded for admins and nodes only.
namespace present::session {

struct called {
  std::uint64_t number = 0;
  std::shared_ptr<const request> what;
};
struct responded {
  std::uint64_t number = 0;
  std::shared_ptr<const response> what;
};
/// The partition's actor crashed, or isn't on this node.
struct partition_lost {
  partition_id partition;
};
using event = std::variant<called, responded, partition_lost>;

struct forward {
  std::uint64_t number = 0;
  std::shared_ptr<const request> what;
};
struct reply {
  std::uint64_t number = 0;
  std::shared_ptr<const response> what;
};
using effect = std::variant<forward, reply>;
using effects = std::vector<effect>;

class session_machine {
public:
  /// `may_administer`: its client is an admin or a node (Z1).
  explicit session_machine(bool may_administer) : may_administer_(may_administer) {}

  void step(const event& input, effects& out);

  std::size_t operations_under_way() const { return under_way_; }

private:
  void on(const called& what, effects& out);
  void on(const responded& what, effects& out);
  void on(const partition_lost& what, effects& out);

  struct open_call {
    partition_id partition;
    std::size_t operations = 0;
    bool writes = false;
  };
  const bool may_administer_;
  std::unordered_map<std::uint64_t, open_call> open_;
  std::size_t under_way_ = 0;
};

} // namespace present::session
