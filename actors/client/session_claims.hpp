#pragma once

#include "actors/client/client_call.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

namespace present::client {

/// The locks that a client may have claimed in its session's name, held or waited for, and
/// not given back as far as it knows: what its end has to be told of. One too many costs a
/// question at the end; of one too few the lease is what ends it.
class session_claims {
public:
  struct place {
    std::string space;
    std::string key;
  };
  /// Beyond it the lowest claims are left to their leases.
  static constexpr std::size_t most = max_session_claims;

  /// It is about to be asked for, under an operation that may come until `retry_until`.
  void asked(const acquire_call& what, hlc_stamp retry_until) {
    latest_retry_ = std::max(latest_retry_, retry_until);
    claims_[what.claim] = {what.space, what.key};
    if (claims_.size() > most)
      claims_.erase(claims_.begin());
  }
  void forget(claim_id claim) { claims_.erase(claim); }
  template <class Predicate>
  void forget_if(Predicate is_there) {
    std::erase_if(claims_, [&](const auto& each) { return is_there(each.second); });
  }

  const std::map<claim_id, place>& all() const { return claims_; }
  /// After this nothing that was ever asked for can be applied any more.
  hlc_stamp latest_retry() const { return latest_retry_; }

private:
  std::map<claim_id, place> claims_;
  hlc_stamp latest_retry_;
};

} // namespace present::client
