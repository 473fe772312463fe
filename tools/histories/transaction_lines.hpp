#pragma once

#include "runtime/base/error.hpp"
#include "tools/histories/transaction.hpp"

#include <string>
#include <vector>

/// Histories of transactions as files that Elle reads: an EDN map a line, one
/// for each call and one for each answer, in the order in which they happened.
///
///   {:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:r :y nil]],
///   :index 0, :time 3}
///   {:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r :y [2 3]]],
///   :index 1, :time 9}
///
/// `:fail` only where it provably had no effect, `:info` where the outcome is
/// unknown; that process doesn't come back.
namespace present::histories {

/// What was called first comes first. Of equal times calls come first, so that
/// they still overlap; only a process that is answered and calls again at the
/// same time has its call after its answer. That an outcome is unknown is said
/// when all is over.
std::string encode_transactions(std::vector<transaction> history);

/// In the order of the calls. Times are places among the events, `:index`. A
/// call without an answer is of unknown outcome. Events whose `:process` is a
/// keyword (faults) are left out. `invalid` with `origin`, the line and what is
/// wrong.
result<std::vector<transaction>> decode_transactions(const std::string& text,
                                                     const std::string& origin);

} // namespace present::histories
