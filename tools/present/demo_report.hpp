#pragma once

#include "runtime/base/ids.hpp"
#include "tools/present/iso_records.hpp"
#include "tools/present/output.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What the demo counts, compares and says. Pure: time comes with each call.
namespace present::tools {

/// Acknowledgements before and after the kill, and the gap that it made.
///
/// I1  Each record is counted once, however often it was sent.
/// I2  The kill is due once, when half of the records are acknowledged.
class import_ledger {
public:
  explicit import_ledger(std::size_t total) : total_(total) {}

  void on_acknowledged(time_ms now, bool repeated);
  void on_killed(time_ms now);

  bool is_kill_due() const;
  bool is_complete() const { return acknowledged_ == total_; }

  std::size_t total() const { return total_; }
  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t before_kill() const { return before_kill_; }
  std::size_t after_kill() const { return acknowledged_ - before_kill_; }
  /// Writes whose first answer was lost: the retry got it from the session table.
  std::size_t repeated() const { return repeated_; }
  /// The longest time without an acknowledgement since the kill.
  time_ms standstill_ms() const { return standstill_ms_; }

private:
  std::size_t total_;
  std::size_t acknowledged_ = 0;
  std::size_t before_kill_ = 0;
  std::size_t repeated_ = 0;
  std::optional<time_ms> killed_at_;
  time_ms last_at_ = 0;
  time_ms standstill_ms_ = 0;
};

/// A record as it was read back, or a write's acknowledgement.
struct stored_record {
  iso_record what;
  std::uint64_t version = 0;
};

/// What a fresh process found.
struct verification {
  std::size_t read = 0;
  std::size_t lost = 0;          ///< in the input, not in the cluster
  std::size_t different = 0;     ///< another value than the input's
  std::size_t applied_twice = 0; ///< not at the version that was acknowledged
  std::size_t unexpected = 0;    ///< in the cluster, not in the input
  std::string input_checksum;
  std::string read_checksum;
  std::string first_difference; ///< empty: none

  bool is_clean() const { return first_difference.empty(); }
  friend bool operator==(const verification&, const verification&) = default;
};

/// `input` and `read` sorted by key. `acknowledged`: key to the version that the
/// write's acknowledgement named. A write applied again would have a later one.
verification compare_records(const std::vector<iso_record>& input,
                             const std::map<std::string, std::uint64_t>& acknowledged,
                             const std::vector<stored_record>& read);

json to_json(const verification& found);
result<verification> verification_from_json(const std::string& text);

struct demo_report {
  std::size_t records = 0;
  std::size_t before_kill = 0;
  std::size_t after_kill = 0;
  std::size_t repeated = 0;
  std::uint32_t killed_node = 0;
  std::uint32_t partition = 0;
  time_ms import_ms = 0;
  time_ms standstill_ms = 0;
  time_ms catch_up_ms = 0;
  verification found;
};

json to_json(const demo_report& report);
std::string to_text(const demo_report& report);

/// "13,467".
std::string with_thousands(std::uint64_t number);

/// "[#####.....]  50 %  6,733 of 13,467", `width` characters between brackets.
std::string progress_bar(std::size_t done, std::size_t total, std::size_t width);

} // namespace present::tools
