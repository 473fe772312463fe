#pragma once

#include "actors/conflict/write_advisor.hpp"
#include "storage/crdt/counters.hpp"
#include "tests/simulation/cluster/transaction_source.hpp"
#include "tests/simulation/cluster/witness.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Transactions into spaces with rules beside one without (C1, C3, P1). Some accounts, of
/// which each is kept three times over, in three spaces:
///
///   plain    an integer
///   joined   a counter, of which each client adds its own part (`merge:crdt`)
///   covered  an integer that may not fall below 0, by a policy that the leader asks
///
/// Each transaction moves an amount into one account or out of it, in all three spaces.
///
/// R1  Whoever reads an account finds the same in all three, and not less than 0.
/// R2  It is what was acknowledged, up to what is unknown or was under way meanwhile.
/// R3  What the policy refuses is done in no space; and it refuses only what may have been
///     uncovered.
namespace present::simulation::cluster {

/// What the programs around all nodes have registered.
std::shared_ptr<const conflict::write_advisor> registered_rules();

class ruled_workload final : public transaction_source {
public:
  ruled_workload(witness& oracle, seeded_random& random)
      : oracle_(oracle), random_(random) {}

  std::vector<create_space> spaces() const override;
  asked begin(std::uint32_t client, std::uint64_t now) override;
  asked look(std::uint32_t client, std::uint64_t now) override;
  std::optional<client::transact_call> answered(ticket id, const client::outcome_of_call& how,
                                                std::uint64_t now) override;
  void lost(ticket id) override;

  std::uint64_t open() const override { return open_.size(); }
  std::uint64_t committed() const override { return committed_; }
  std::uint64_t refused() const override { return refused_; }
  void judge() const override {}

private:
  /// A client's part of one counter. Whoever moves takes it along until it knows how that
  /// ended, for nobody may count for a replica without knowing all of its counts: meanwhile,
  /// and where nobody will ever know, the client has another.
  struct counted_part {
    crdt::replica_id replica;
    crdt::pn_counter counter;
  };
  using part_name = std::pair<std::uint32_t, std::size_t>; ///< client and account
  struct move {
    std::int64_t amount = 0;
    bool is_refused = false;
    std::uint64_t known_at = 0; ///< as `events_` counts; 0: nobody knows of it
  };
  struct attempt {
    std::vector<std::size_t> accounts; ///< read, or the one that is changed
    std::uint64_t begun_at = 0;
    bool moves = false;
    bool is_early = false; ///< a leader may lack the spaces' rules
    std::size_t place = 0; ///< of the move
    part_name name;
    counted_part part;
    crdt::pn_counter delta;
  };
  struct bounds_of_balance {
    std::int64_t least = 0;
    std::int64_t most = 0;
  };

  asked move_some(std::uint32_t client);
  asked read(std::vector<std::size_t> accounts);
  asked open(attempt what);
  void on_moved(attempt& what, const answer& given);
  void on_read(const attempt& what, const answer& given);
  void on_refused(attempt& what, const error& why);
  void check_balance(std::size_t account, std::uint64_t begun_at, std::int64_t found);
  bounds_of_balance possible(std::size_t account, std::uint64_t begun_at) const;

  witness& oracle_;
  seeded_random& random_;
  std::map<ticket, attempt> open_;
  std::map<std::size_t, std::vector<move>> moves_; ///< by account
  std::map<part_name, counted_part> parts_;
  std::map<std::size_t, bool> has_changed_; ///< by account: all its leaders have the rules
  ticket last_ticket_ = 0;
  std::uint64_t last_replica_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t refused_ = 0;
};

} // namespace present::simulation::cluster
