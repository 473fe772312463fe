#pragma once

#include "runtime/base/hlc.hpp"
#include "storage/record.hpp"
#include "tests/simulation/cluster/witness.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace present::simulation::cluster {

/// What was written and read under one lock's fence, and what must hold of it (P14). The
/// keys lie on two *sides*, which are partitions of their own where there are several. Each
/// side has a key of the pair, which is written in one transaction, and one by itself:
///
///     left   left-own   │   right   right-own
///
/// A token *counts* on a side as soon as somebody has heard that it does: its holder was
/// granted the lock, which its guards have told both sides; or what it has written or read
/// there is committed. From then on
///
/// F1  nothing with an older token that begins is ever committed there;
/// F2  nor is what had begun, once somebody who began since has read without it.
/// F3  The pair is written as one, and each write once (P4).
/// F4  What is known to be committed stays until something later is: of every key the
///     versions that are read never fall.
/// F5  What was refused is never there (P5).
class fenced_history {
public:
  using ticket = std::uint64_t;

  explicit fenced_history(witness& oracle) : oracle_(oracle) {}

  static std::string pair_at(std::size_t side) { return side == 0 ? "left" : "right"; }
  static std::string own_at(std::size_t side) { return pair_at(side) + "-own"; }

  /// `token` 0: without a fence.
  ticket called(hlc_stamp token, std::vector<std::string> keys, bool writes);
  /// What it writes, the same everywhere.
  std::string value_of(ticket id) const;

  /// A holder was told so, and both sides before it.
  void granted(hlc_stamp token);
  void wrote(ticket id, hlc_stamp version);
  struct sight {
    std::string key;
    hlc_stamp version; ///< 0: absent
    std::string value;
  };
  void read(ticket id, const std::vector<sight>& seen);
  void had_no_effect(ticket id) { all_[id].is_refused = true; }

  void judge() const;

private:
  struct record {
    hlc_stamp token;
    std::vector<std::string> keys;
    bool writes = false;
    std::map<char, hlc_stamp> counted;      ///< the highest tokens that did, at the call
    std::map<std::string, hlc_stamp> known; ///< versions, at the call
    bool is_refused = false;
    hlc_stamp version; ///< of what it wrote, once somebody knows

    hlc_stamp highest() const; ///< that counted, of all its sides
  };

  static char side_of(const std::string& key) { return key.front(); }
  void count(const record& what);
  void see_write(ticket id, hlc_stamp version);
  void see(const record& by, const sight& what);
  std::string describe(ticket id) const;
  std::string story_of(const std::string& key) const;

  witness& oracle_;
  std::vector<record> all_;
  std::map<char, hlc_stamp> counting_; ///< by side
  std::map<std::string, std::map<hlc_stamp, ticket>> writes_; ///< committed, by key
  /// Who read a key at that version had heard that this token counts.
  std::map<std::string, std::map<hlc_stamp, hlc_stamp>> floors_;
};

} // namespace present::simulation::cluster
