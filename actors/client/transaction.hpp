#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A transaction as a function: what it reads is read at once, what it writes is kept
/// here until it ends, and then all of it takes effect if nothing that it read has
/// changed meanwhile; else the function runs again.
///
///     const auto how = db->transact([](transaction& t) {
///       const auto balance = t.number("accounts", "alice").value_or(0);
///       if (balance >= 10)
///         t.add("accounts", "alice", -10).add("accounts", "bob", 10);
///     });
///
/// T1  Reads see what the transaction itself wrote before.
/// T2  A key is read once: it is the same at each look.
/// T3  The function runs again only when the try before it is known to have done
///     nothing (P6), and a bounded number of times, with pauses that grow.
/// T4  What is read is validated before anything that the function came to is believed:
///     its error, or its exception, on a state that never was is a retry (P12).
namespace present {

/// What a transaction needs of its surroundings. Blocks.
class transaction_door {
public:
  virtual ~transaction_door() = default;
  virtual client::outcome_of_call ask(client::call_kind what, std::uint32_t patience_ms) = 0;
  virtual void pause(std::uint32_t ms) = 0;
  virtual time_ms now() = 0; ///< monotonic
  virtual std::uint64_t wall_ms() = 0;
  virtual std::uint64_t random() = 0;
};

struct transaction_row {
  std::string key;
  std::string value;
};

/// One try of a transaction. After a read that failed (no quorum, say) all others come
/// back empty, and the transaction ends with that error whatever the function does.
class transaction {
public:
  transaction(transaction_door& door, time_ms deadline) : door_(door), deadline_(deadline) {}

  /// Empty: there is no such key.
  std::optional<std::string> get(const std::string& space, const std::string& key);
  /// Keys in [first, last), up to `limit` (0: as many as there are, within the limit of
  /// a transaction); an empty `last` is the end of the space. What was read has no
  /// phantoms: nothing appears in it, or goes, before the transaction ends.
  std::vector<transaction_row> scan(const std::string& space, const std::string& first,
                                    const std::string& last, std::uint32_t limit = 0);
  /// Of a key that has another type the transaction fails (`invalid`).
  std::optional<std::int64_t> number(const std::string& space, const std::string& key);
  /// Of a list or a set; empty also if there is no such key.
  std::vector<std::string> elements(const std::string& space, const std::string& key);

  /// In a space of CRDTs `value` is a delta, which is joined when all is done: a read of the
  /// key after it finds the delta alone.
  transaction& put(const std::string& space, const std::string& key, std::string value);
  transaction& remove(const std::string& space, const std::string& key);
  // These read nothing, so that they conflict with nothing that others write.
  transaction& add(const std::string& space, const std::string& key, std::int64_t operand);
  transaction& at_most(const std::string& space, const std::string& key, std::int64_t bound);
  transaction& at_least(const std::string& space, const std::string& key, std::int64_t bound);
  transaction& append(const std::string& space, const std::string& key, std::string element);
  transaction& insert(const std::string& space, const std::string& key, std::string element);
  transaction& take_out(const std::string& space, const std::string& key, std::string element);

  bool has_failed() const { return problem_.code != error_code::ok; }
  const error& problem() const { return problem_; }

  /// What is to be asked for it to take effect, under a lock if it has a `fence`; without
  /// `steps` only whether what it read is still so. Nothing if that follows from its one read.
  std::optional<client::transact_call>
  ending(hlc_stamp start, bool with_steps,
         const std::optional<client::fence_name>& fence = {}) const;

private:
  using place = std::pair<space_id, std::string>; ///< the space as a place in `spaces_`

  space_id number_of(const std::string& space);
  std::optional<std::string> read_base(const place& where);
  std::optional<std::string> with_own_steps(const place& where, std::optional<std::string> base);
  bool is_rewritten(const place& where) const;
  void fail(error why);
  transaction& add_step(step what);
  void merge_own_writes(space_id space, const std::string& first, const std::string& last,
                        std::map<std::string, std::string>& rows);

  transaction_door& door_;
  const time_ms deadline_;
  std::vector<std::string> spaces_;
  std::map<place, std::optional<std::string>> read_; ///< as the partitions have it
  std::vector<seen_key> seen_;
  std::vector<seen_range> ranges_;
  std::vector<step> steps_;
  std::map<place, std::vector<std::size_t>> own_; ///< which steps change the key
  error problem_;
};

/// May end it itself by an error, which its caller gets: nothing is written then.
using transaction_work = std::function<status(transaction&)>;

struct transaction_options {
  std::uint32_t deadline_ms = 30'000;
  std::uint32_t max_retries = 3;
  std::uint32_t backoff_base_ms = 10;
  std::uint32_t backoff_cap_ms = 1000;
  /// Under a lock: `fenced` if one of the partitions that it touches knows a later holder,
  /// also of one that only reads. It isn't run again then.
  std::optional<client::fence_name> fence = {};
};

struct transacted {
  hlc_stamp version;      ///< of all that it wrote; 0: it wrote nothing
  std::uint32_t tries = 0; ///< of the function
};

/// Errors: the function's own, `transaction_conflict` after the last retry, and what a
/// call may end with; what is known of its effect stands in it. An exception of the
/// function passes, once its reads have been validated.
result<transacted> run_transaction(transaction_door& door, const transaction_work& work,
                                   const transaction_options& options);

} // namespace present
