#pragma once

#include "actors/client/client.hpp"
#include "tools/present/demo_report.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace present::tools {

/// Writes records through many client actors at once, each record as a key that
/// must not be there yet: applied twice, it would conflict with itself. Begins
/// when made; its destruction ends it, within the deadline of a call.
///
/// Each client has a thread that waits for its answer before it takes the next
/// record, so there are as many writes under way as clients.
class demo_import {
public:
  struct plan {
    client_session& session;
    std::string space;
    const std::vector<iso_record>& records;
    std::size_t clients;
  };

  explicit demo_import(const plan& what);
  demo_import(const demo_import&) = delete;
  demo_import& operator=(const demo_import&) = delete;
  ~demo_import();

  /// Readable once the kill is due, and again when all is over: for poll(2).
  int news_file() const { return news_; }
  void take_news();

  /// The counts so far.
  import_ledger ledger() const;

  void on_killed();

  /// Every record is acknowledged, or one has failed.
  bool is_over() const;

  /// The first failure; code ok: none.
  error failure() const;

  /// Key to version, of all that is acknowledged.
  std::map<std::string, std::uint64_t> acknowledged() const;

private:
  void write_records();
  void on_answer(const iso_record& record, const client::outcome_of_call& answer);
  void tell_news();

  const plan plan_;
  int news_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  import_ledger ledger_;
  bool kill_was_told_ = false;
  error failure_;
  std::map<std::string, std::uint64_t> acknowledged_;

  std::vector<std::thread> threads_;
};

} // namespace present::tools
