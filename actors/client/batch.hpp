#pragma once

#include "actors/client/client_call.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace present {

/// Reads and writes that travel together: one round instead of one for each. Not
/// atomic, and in no promised order, whichever partitions they are of. At most
/// `bounds::max_session_inflight` of them are open at a time; those beyond are
/// `overloaded`, each by itself.
///
///     batch both;
///     both.put("accounts", "alice", "42").get("accounts", "bob");
///     const auto answers = db->run(std::move(both));   // one for each, in this order
class batch {
public:
  batch& get(std::string space, std::string key) {
    return add(client::get_call{std::move(space), std::move(key)});
  }
  batch& put(std::string space, std::string key, std::string value,
             condition when = always{}) {
    return add(client::put_call{std::move(space), std::move(key),
                                std::make_shared<const std::string>(std::move(value)), when});
  }
  batch& remove(std::string space, std::string key, condition when = always{}) {
    return add(client::remove_call{std::move(space), std::move(key), when});
  }
  /// `version_conflict` unless the key is at `expected` (0: does not exist).
  batch& compare_and_set(std::string space, std::string key, hlc_stamp expected,
                         std::string value) {
    return put(std::move(space), std::move(key), std::move(value),
               expected.value == 0 ? condition{if_absent{}} : condition{if_version{expected}});
  }

  std::size_t size() const { return calls_.size(); }
  std::vector<client::call_kind> take() && { return std::move(calls_); }

private:
  batch& add(client::call_kind what) {
    calls_.push_back(std::move(what));
    return *this;
  }

  std::vector<client::call_kind> calls_;
};

/// What one operation of a batch came to.
struct batch_answer {
  std::string value; ///< of a read
  hlc_stamp version;
  bool repeated = false; ///< a write: the answer was the first try's (P4)
  std::uint32_t attempts = 0;
};

} // namespace present
