#pragma once

#include "actors/client/client.hpp"
#include "runtime/edge/entropy.hpp"
#include "tools/histories/bank.hpp"
#include "tools/histories/transaction.hpp"
#include "tools/present/workload_client.hpp"
#include "tools/present/workload_plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace present::tools {

/// What a workload of transactions saw.
struct transaction_records {
  std::vector<histories::transaction> lists;     ///< append
  std::vector<histories::bank_reading> readings; ///< bank
  std::uint64_t transfers = 0;                   ///< bank: that committed
  std::uint64_t unknown = 0;
  std::map<std::string, std::uint64_t> failed; ///< without effect, by error
};

/// One client of a workload of transactions: one after the other, noted with the times of
/// call and return. Half of those on lists are functions that read first, half are one
/// shot. Used by one thread.
///
/// I1  What is noted as aborted provably had no effect.
/// I2  After an unknown outcome the client goes on under another number.
class transaction_client {
public:
  transaction_client(client_session& session, const workload_plan& plan, std::uint32_t number,
                     workload_board& board);

  /// Bank: what each account has in the beginning.
  static constexpr std::int64_t opening_balance = 100;
  static status open_accounts(client_session& session, const workload_plan& plan);

  /// Until the board says stop.
  void run();
  /// Reads all keys, and locks them to write, with patience: after the faults. False:
  /// something is locked for good, or there is no quorum.
  bool read_all_at_last();

  const transaction_records& records() const { return records_; }

private:
  std::uint64_t draw(std::uint64_t below) { return chance_.next() % below; }
  std::uint32_t process() const { return number_ + lives_ * plan_.clients; }

  /// Of lists: those of one are as many as the plan has keys.
  std::uint64_t generation() const;
  void step_append();
  void append_at_once(histories::transaction done);
  void append_by_function(histories::transaction done);
  void note(histories::transaction done, const error* problem);
  void do_transfer();
  bool do_read_accounts(const transaction_options& options);
  bool touch_all_accounts();
  void count(const error& problem);

  client_session& session_;
  const workload_plan& plan_;
  workload_board& board_;
  const std::uint32_t number_;
  edge::seeded_entropy chance_;
  transaction_options options_;
  std::uint32_t lives_ = 0;
  std::int64_t values_ = 0; ///< appended so far: none twice
  transaction_records records_;
};

} // namespace present::tools
