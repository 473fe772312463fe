#pragma once

#include "actors/partition/conditions.hpp"
#include "runtime/base/hlc.hpp"
#include "storage/record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace present::partition {

/// How a transaction ended, without those who wait for it.
struct known_end {
  operation_id id;
  hlc_stamp stamp;    ///< of the decision
  hlc_stamp deadline; ///< kept until the log has passed it
  bool committed = false;
  bool otherwise = false;  ///< the second of its branches was taken
  bool is_stored = false;  ///< the table has a record of it
  bool is_changed = false; ///< but not the same
};

/// How transactions ended, hundreds of thousands of them: each stays until its
/// deadline, and nearly all that are looked for haven't ended. Pure, std only.
///
///     hash ─▶ cell {hash, place} ─▶ end          of each
///               id ─▶ {place, who waits}         of a few, for milliseconds
///         deadline ─▶ {deadline, place} …        of those nobody waits for
///
/// Invariants
/// E1  The first to say how a transaction ended wins (B1): that stays.
/// E2  An end goes only when its deadline is over and nobody waits for it (P9):
///     the earliest first, of equal deadlines the lowest id, on each replica.
/// E3  What is told depends on what came alone, never on hashes or free places.
///     Only in which order `store_changed` hands out is left open.
///
/// What isn't there costs one line of memory, what is there one more. Growing
/// moves cells of 8 bytes, at most half of which are taken, and no end. By
/// deadline, ends are in heaps of 64 ms each: whatever order they come in, one
/// costs at most the logarithm of their number. All that a burst took is given
/// back when no end is left. Not thread-safe.
class end_book {
public:
  /// Null: it hasn't ended, as far as is known. Stays in place until it goes.
  const known_end* find(const operation_id& id) const;

  /// What is known then: `what`, or what was before (E1). `is_stored`: it comes
  /// from the table.
  const known_end& add(storage::decision_record what, bool is_stored = false);

  /// `who` waits for it no more, if it did.
  void acknowledge(const operation_id& id, const storage::key_name& who);

  /// Those for which somebody waits, by their ids.
  std::vector<storage::decision_record> undriven() const;
  bool has_undriven() const { return !waiting_.empty(); }

  /// The next to go before `latest`; it is gone (E2).
  std::optional<known_end> take_before(hlc_stamp latest);

  /// Hands out each of which the table hasn't the same; now it has.
  void store_changed(
      const std::function<void(storage::decision_record)>& store);

private:
  using place = std::uint32_t; ///< of an end
  static constexpr place nowhere = ~place{0};
  static constexpr std::size_t first_cells = 64;
  static constexpr std::size_t chunk_ends = 256;

  struct cell {
    std::uint32_t hash = 0;
    place at = nowhere; ///< nowhere: free
  };
  struct wait {
    place at;
    std::vector<storage::key_name> who;
  };
  struct due {
    hlc_stamp deadline;
    place at;
  };

  known_end& at(place where) const {
    return chunks_[where / chunk_ends][where % chunk_ends];
  }
  std::size_t cell_of(std::uint32_t hash, const operation_id& id) const;
  void grow();
  void clear(std::size_t hole);
  place take_place();
  void put_by_deadline(place where);
  known_end remove(place where);
  auto later() const;

  std::vector<cell> cells_ = std::vector<cell>(first_cells); ///< 2^n
  std::vector<std::unique_ptr<known_end[]>> chunks_;
  place places_ = 0; ///< of the chunks, that were ever taken
  std::vector<place> free_;
  std::map<operation_id, wait> waiting_;
  /// All others, by pieces of time; each a heap with the first to go on top.
  std::map<std::uint64_t, std::vector<due>> due_;
};

} // namespace present::partition
