#pragma once

#include "actors/partition/operation.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace present::partition {

/// Names a request until its response; chosen by whoever delivers it, and never
/// used twice.
using request_tag = std::uint64_t;

/// What an operation without an answer waits for.
enum class waits_for : std::uint8_t {
  nothing, ///< it has its answer
  index,   ///< a read: the index that the state must have applied
  turn,    ///< a read that was confirmed: something about a lock that hasn't happened
  batch,   ///< a write: nobody else has seen it yet
  log,     ///< a write: proposed, and so perhaps in the log; or with its coordinator
  lock,    ///< a write that was not applied: for locks that go
  change,  ///< a watch, which is the only one of its request
};

/// A request on its way to its response, with an answer per operation.
struct open_request {
  std::shared_ptr<const request> what;
  response reply;
  std::vector<waits_for> fates;    ///< by place
  time_ms arrived = 0;
  std::size_t open = 0;            ///< places without an answer
  std::uint64_t read_ticket = 0;   ///< 0: reads nothing
  std::uint64_t gathered_from = 0; ///< position of its first write in the queue
  std::uint32_t gathered = 0;      ///< how many of its writes went there
  bool is_traced = false;
  hlc_stamp reads_at; ///< the highest stamp that one of its reads is of
  bool was_held = false; ///< until its cause was here

  void answer_place(std::uint32_t place, answer given);
};

/// The requests that have no response yet, by tag and by deadline. An operation
/// costs one look-up, a request one insertion at the end of the deadlines.
class open_requests {
public:
  /// A tag that is open already breaks the contract of tags.
  open_request& open(request_tag tag, std::shared_ptr<const request> what,
                     time_ms deadline);

  /// Null if it has had its response.
  open_request* find(request_tag tag);

  /// Takes it out; its reply has all answers.
  response close(request_tag tag);

  /// None of those that are open now waits longer than until `latest`.
  void hasten(time_ms latest);

  /// The request whose deadline has passed the longest; empty if none has.
  std::optional<request_tag> late(time_ms now) const;
  std::optional<time_ms> next_deadline() const;

  std::size_t size() const { return requests_.size(); }

private:
  using deadlines = std::multimap<time_ms, request_tag>;
  struct entry {
    open_request request;
    deadlines::iterator deadline;
  };

  std::unordered_map<request_tag, entry> requests_;
  deadlines deadlines_;
};

} // namespace present::partition
