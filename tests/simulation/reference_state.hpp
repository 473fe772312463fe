#pragma once

#include "actors/partition/operation.hpp"
#include "storage/crdt/dots.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace present::simulation {

/// What the committed log means, by the book: maps, no layers, no eviction, no
/// checkpoints. Written apart from the product's state machine, so that the two can
/// disagree.
class reference_state {
public:
  /// What became of an operation when it stood in the log for the first time.
  struct decision {
    log_index index;
    error_code code = error_code::ok;
    hlc_stamp version;
    bool otherwise = false; ///< a transaction's comparisons failed
  };
  /// From `since` on the key reads like this, up to its next change.
  struct change {
    log_index since;
    hlc_stamp version;
    bytes_ptr value; ///< null: absent
  };
  using key = std::pair<space_id, std::string>;
  /// What an entry did to a key, in the order in which a watch has to hear of it.
  struct told_change {
    hlc_stamp version;
    key where;
    bytes_ptr value; ///< null: removed
  };

  /// The operations that were decided by this entry. The stamps of the log must rise.
  std::vector<operation_id> apply(log_index index, const entry_batch& batch);
  /// An entry without a batch is committed there.
  void pass(log_index index) { applied_ = index; }

  const decision* of(const operation_id& id) const;
  hlc_stamp latest() const { return latest_; }
  log_index applied() const { return applied_; }

  /// Whether the key read like this at `index`; what `seen` says of `since` is ignored.
  bool held(const key& of, log_index index, const change& seen) const;
  /// The first index from `from` on, up to what is applied, at which it did.
  std::optional<log_index> first_held(const key& of, log_index from, const change& seen) const;

  std::vector<std::string> keys_of(space_id space) const;

  /// All changes of a space from one place of the log up to another.
  std::vector<told_change> changes_between(space_id space, watch_position from,
                                           watch_position to) const;
  /// From `since` on the lock is this: nobody's, or the first claim's, under a token.
  struct lock_change {
    log_index since;
    hlc_stamp token;
    std::vector<claim_id> claims; ///< its holder first, then who came later
  };
  /// The first index from `from` on at which the claim had the lock under this token, or
  /// waited for it (0).
  std::optional<log_index> first_claimed(const key& lock, log_index from, claim_id claim,
                                         hlc_stamp token) const;

private:
  struct session {
    operation_number acked_below;
    std::map<operation_number, decision> decided;
    bool ended = false;
  };

  std::optional<decision> decide(log_index index, const operation& asked, hlc_stamp stamp);
  decision change_value(log_index index, const key& of, const condition& when,
                        hlc_stamp stamp, bytes_ptr value);
  void put_in_transaction(log_index index, const put_step& asked, hlc_stamp stamp);
  decision change_values(log_index index, const transact& asked, hlc_stamp stamp);
  decision take_lock(log_index index, const acquire_lock& asked, client_id by, hlc_stamp stamp);
  decision end(log_index index, client_id of, hlc_stamp stamp);
  decision give_back(log_index index, const key& lock, claim_id claim, hlc_stamp stamp);
  void change_lock(log_index index, const key& lock, lock_change now);
  const lock_change& lock_now(const key& lock);
  void take_out(log_index index, const key& lock, const std::set<claim_id>& claims,
                hlc_stamp stamp);
  std::optional<decision> refusal_by_fence(const operation& asked);
  decision contest(log_index index, const put& asked, hlc_stamp stamp);
  decision join(log_index index, const put& asked, hlc_stamp stamp);
  hlc_stamp version_of(const key& of) const;
  bool owns(const operation& asked) const;

  hlc_stamp latest_;
  log_index applied_;
  std::map<key, std::vector<change>> values_;
  /// By entry: rising (version, key); of one transaction's writes of a key the last.
  std::map<log_index, std::map<std::pair<hlc_stamp, key>, bytes_ptr>> told_;
  std::map<key, std::vector<lock_change>> locks_;
  std::map<key, hlc_stamp> highest_tokens_;
  std::map<claim_id, client_id> claimed_for_; ///< of those that go with a session
  std::set<space_id> owned_; ///< whole spaces only
  std::map<space_id, storage::conflict_rules> rules_;
  std::map<key, storage::authorship> authors_; ///< of what was written with a stamp
  std::map<key, std::map<crdt::replica_id, std::uint64_t>> counts_;
  std::map<client_id, session> sessions_;
};

} // namespace present::simulation
