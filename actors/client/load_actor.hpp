#pragma once

#include "actors/client/client_contract.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <map>
#include <string>
#include <vector>

/// A closed loop of load: each client has one call under way, and begins the next
/// when it is answered. For benchmarks.
namespace present::client {

/// The keys of a load, in order: "key-00000000" and on.
std::string load_key(std::uint64_t number);

/// `lock`: each client takes a lock of its own and gives it back, which counts as one.
enum class load_kind : std::uint8_t { put, get, scan, mixed, transact, lock };

struct load_plan {
  load_kind kind = load_kind::put;
  std::string space;
  std::uint64_t keys = 1000; ///< `load_key` of 0 to one below
  std::uint32_t value_bytes = 128;
  std::uint32_t deadline_ms = 10'000;
  std::uint64_t seed = 1;
  /// Ends after this many calls or this long, whichever comes first; 0: no bound,
  /// but one of them must be set.
  std::uint64_t calls = 0;
  std::uint64_t duration_ms = 0;
  /// Keys in their order rather than by chance: to fill a space.
  bool in_order = false;
  std::vector<client_actor> clients;
  // Of transactions: so many writes each, spread over so many of the pieces of equal size
  // that the space is cut into.
  std::uint32_t operations = 2;
  std::uint32_t partitions = 1;
  std::uint64_t pieces = 1;
};

struct load_result {
  std::uint64_t calls = 0; ///< that succeeded
  std::uint64_t elapsed_ns = 0;
  std::vector<std::uint32_t> latencies_us; ///< of those, ascending
  std::map<std::string, std::uint64_t> errors; ///< by code
};

/// Answers when the load is over. One plan at a time.
using load_actor = caf::typed_actor<caf::replies_to<load_plan>::with<load_result>>;

class load_shell final : public supervision::measured_actor<load_actor> {
public:
  explicit load_shell(caf::actor_config& config) : measured(config) {}

protected:
  behavior_type make_behavior() override;

private:
  void begin_call(std::size_t client);
  void ask(std::size_t client, std::uint64_t began_ns, call_kind what, bool then_release);
  void end_call(std::size_t client, std::uint64_t began_ns, const outcome_of_call& how);
  bool is_over() const;
  call_kind next_call();
  call_kind next_transaction();
  acquire_call next_claim(std::size_t client);
  std::uint64_t draw();
  void finish();

  load_plan plan_;
  load_result result_;
  std::uint64_t began_ns_ = 0;
  std::uint64_t begun_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t random_state_ = 0;
  bytes_ptr value_;
  caf::typed_response_promise<load_result> promise_;
};

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::load_plan)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::load_result)
