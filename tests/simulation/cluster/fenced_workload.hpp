#pragma once

#include "actors/client/lock_machine.hpp"
#include "tests/simulation/cluster/fenced_history.hpp"
#include "tests/simulation/cluster/transaction_source.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Transactions under a lock (P10, P14). One lock for all clients; each remembers the last
/// token that it was granted, and writes under it whether it still has the lock or not:
///
///   pair   writes to both sides at once, under the fence
///   own    writes to one side only, which is all that hears of a token then
///   guard  reads the pair, under the fence
///   look   reads one key, or all of them, without
///
/// In half of the wishes the sides are guarded, so that the token counts there before
/// anything is written under it; else only from the first write on. The lock is in one of
/// the partitions that are written, or in another one.
namespace present::simulation::cluster {

class fenced_workload final : public transaction_source {
public:
  fenced_workload(witness& oracle, seeded_random& random);

  client::lock_wish wish();
  void granted(std::uint32_t client, const client::lock_wish& what, hlc_stamp token);

  std::vector<create_space> spaces() const override;
  asked begin(std::uint32_t client, std::uint64_t now) override;
  asked look(std::uint32_t client, std::uint64_t now) override;
  std::optional<client::transact_call> answered(ticket id, const client::outcome_of_call& how,
                                                std::uint64_t now) override;
  void lost(ticket id) override { open_.erase(id); }

  std::uint64_t open() const override { return open_.size(); }
  std::uint64_t committed() const override { return committed_; }
  std::uint64_t refused() const override { return refused_; }
  std::uint64_t pairs_written() const { return pairs_written_; }
  void judge() const override { history_.judge(); }

private:
  struct attempt {
    std::vector<std::string> keys;
    bool writes = false;
    bool is_fenced = false;
  };

  hlc_stamp token_of(std::uint32_t client);
  asked write(std::vector<std::string> keys, hlc_stamp token);
  asked read(std::vector<std::string> keys, hlc_stamp token);
  asked open(std::vector<std::string> keys, bool writes, hlc_stamp token);
  void succeeded(ticket id, const attempt& what, const answer& given);

  seeded_random& random_;
  witness& oracle_;
  fenced_history history_;
  std::vector<std::string> cuts_; ///< of the space
  std::map<ticket, attempt> open_;
  std::map<std::uint32_t, hlc_stamp> tokens_; ///< the last that a client was granted
  std::uint64_t claims_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t pairs_written_ = 0;
};

} // namespace present::simulation::cluster
