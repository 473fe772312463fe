#pragma once

#include "actors/client/client_contract.hpp"
#include "tests/simulation/cluster/witness.hpp"
#include "tools/histories/operation.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace present::simulation::cluster {

/// Any call may be answered so while faults last.
bool is_passable(error_code code);
/// And any transaction so.
bool may_end_transaction(const error& why);

/// What the clients asked, and what they were told. Answers are looked at as they
/// come (is this error one that this call may get? was it in time? is a version's
/// value always the same?), and all of them together at the end: per key they must be
/// linearizable, and what was reported as not applied never shows up (P5).
///
/// A space is a register too, made by `create` and emptied by `drop`.
class client_history {
public:
  using ticket = std::size_t;

  explicit client_history(witness& oracle) : oracle_(oracle) {}

  /// Names in `passing` come and go: their keys are not judged.
  void set_passing_spaces(std::set<std::string> names) { passing_ = std::move(names); }

  /// `deadline_ms` 0: nobody promises when the answer comes.
  ticket called(std::uint32_t client, client::call_kind what, std::uint32_t deadline_ms,
                std::uint64_t now);
  void answered(ticket id, const client::outcome_of_call& how, std::uint64_t now);
  /// The client died.
  void lost(ticket id);

  std::uint64_t writes() const { return writes_; }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t open() const { return open_; }
  std::uint64_t unknown() const { return unknown_; }

  /// A version of this key that somebody has seen; 0: none.
  hlc_stamp seen_version(const std::string& space, const std::string& key) const;

  /// All that can be judged, in the order of the calls.
  std::vector<histories::operation> operations() const;
  void judge() const;

private:
  struct record {
    std::uint32_t client = 0;
    client::call_kind what;
    std::uint32_t deadline_ms = 0;
    std::uint64_t called = 0;
    std::optional<std::uint64_t> returned;
    error_code code = error_code::ok;
    outcome known = outcome::unknown;
    bool is_open = true;
    answer given;
  };
  using found_value = std::optional<std::string>; ///< empty: there is none

  void check_answer(const record& asked);
  void learn_versions(const record& asked);
  void learn(const std::string& place, hlc_stamp version, const std::string& value);
  found_value value_at(const std::string& place, hlc_stamp version, bool& is_known) const;
  void add_scan(const record& asked, std::vector<histories::operation>& to) const;
  std::optional<histories::operation> as_operation(const record& asked) const;
  std::optional<histories::action> as_read(const record& asked) const;
  std::optional<histories::action> as_write(const record& asked) const;
  histories::action as_conflict(const record& asked, const found_value& expected) const;

  witness& oracle_;
  std::set<std::string> passing_;
  std::vector<record> records_;
  /// Per register: which value a version is.
  std::map<std::string, std::map<hlc_stamp, std::string>> versions_;
  std::set<std::string> registers_;
  std::uint64_t writes_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t open_ = 0;
  std::uint64_t unknown_ = 0;
};

} // namespace present::simulation::cluster
