#include "storage/admitted_batch.hpp"

#include "storage/mutant.hpp"

#include <utility>

namespace present::storage {

namespace {

/// J5. It says `disk_full` too if that is what its forerunner failed of: then the
/// writer knows to come again.
status check_follows(const write_chain& chain, const journal_write& write) {
  if (write.follows == chain.last_good || mutated(mutant::write_after_failure))
    return success();
  const auto why = chain.broken_by == error_code::ok ? error_code::invalid
                                                     : chain.broken_by;
  return make_error(why, "J5: " + name_of(write.partition) + ": write "
                           + std::to_string(write.number) + " follows "
                           + std::to_string(write.follows)
                           + ", but the last good one is "
                           + std::to_string(chain.last_good));
}

result<log_extent> judge(const journal_write& write, const write_chain& chain,
                         const result<log_extent>& before) {
  if (!before)
    return before.problem();
  if (status ok = check_follows(chain, write); !ok)
    return ok.problem();
  return extend(*before, write);
}

} // namespace

admitted_batch admit(std::span<const journal_write> batch,
                     const write_chains& chains, const extent_reader& extent_of) {
  admitted_batch judged;
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const auto& write = batch[place];
    const auto known = judged.extents.find(write.partition);
    auto before = known == judged.extents.end() ? extent_of(write.partition)
                                                : result<log_extent>{known->second};
    const auto begun = chains.find(write.partition);
    auto& chain = judged.chains
                    .try_emplace(write.partition, begun == chains.end() ? write_chain{}
                                                                        : begun->second)
                    .first->second;
    auto after = judge(write, chain, before);
    if (!after) {
      chain.broken_by = after.problem().code;
      judged.answers.push_back(after.problem());
      continue;
    }
    chain = {write.number, error_code::ok};
    judged.extents.insert_or_assign(write.partition, *after);
    judged.steps.push_back({place, *before, *after});
    judged.answers.push_back(success());
  }
  return judged;
}

void settle(admitted_batch& batch, const status& committed, write_chains& chains) {
  if (!committed)
    for (const auto& step : batch.steps)
      batch.answers[step.place] = committed.problem();
  for (const auto& [partition, chain] : batch.chains) {
    auto& known = chains[partition];
    if (committed)
      known = chain;
    else
      known.broken_by = chain.broken_by == error_code::ok ? committed.problem().code
                                                          : chain.broken_by;
  }
}

} // namespace present::storage
