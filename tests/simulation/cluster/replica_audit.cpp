#include "tests/simulation/cluster/replica_audit.hpp"

#include "actors/partition/entry_codec.hpp"
#include "tests/simulation/seeded_random.hpp"

namespace present::simulation::cluster {

namespace {

std::string words_for(node_id node, partition_id partition, log_index index) {
  return "node " + std::to_string(node.value) + ", partition "
         + std::to_string(partition.value) + ", index " + std::to_string(index.value);
}

} // namespace

auto replica_audit::name_of(const raft::entry& one) -> entry_name {
  entry_name name{one.at_term, static_cast<std::uint64_t>(one.kind)};
  if (one.payload)
    for (const auto byte : *one.payload)
      fold(name.content, static_cast<unsigned char>(byte));
  return name;
}

void replica_audit::on_state_written(node_id node, storage::memory_journal& journal,
                                     const simulated_disk::written_state& what) {
  const auto partition = what.partition;
  const auto& mark = what.mark;
  auto& known = references_[partition];
  if (!known)
    known = std::make_unique<reference>(partition);
  if (known->applied < mark.index) {
    const auto news = journal.load(partition, next(known->applied), UINT64_MAX);
    if (news)
      for (const auto& one : *news)
        if (one.index <= mark.index)
          apply(*known, one);
    oracle_.expect(known->applied == mark.index, "replicas",
                   words_for(node, partition, mark.index)
                     + ": a state of entries that its journal does not hold");
  }
  if (!what.is_installed) // else the journal is still to follow
    check_entries(*known, node, journal, partition, mark);
  const auto right = known->digests.find(mark.index);
  if (right == known->digests.end())
    return;
  ++compared_;
  oracle_.expect(right->second == what.digest, "replicas",
                 words_for(node, partition, mark.index)
                   + ": the state is not what its log makes of it");
}

/// After each entry a checkpoint, so that there is a digest for each index.
void replica_audit::apply(reference& to, const raft::entry& one) {
  to.applied = one.index;
  to.entries[one.index] = name_of(one);
  if (one.kind == raft::entry_kind::command) {
    const auto batch = decode_entry(*one.payload);
    oracle_.expect(bool{batch}, "replicas", "an entry that can't be read was committed");
    if (batch)
      to.machine.apply(*batch);
  }
  to.machine.write_back();
  const auto frozen = to.table.freeze({one.index, one.at_term, {}});
  if (frozen && to.backend.write(**frozen))
    to.backend.sync();
  to.table.release_frozen();
  to.digests[one.index] = to.backend.digest();
}

/// Committed prefixes are equal on all replicas.
void replica_audit::check_entries(const reference& known, node_id node,
                                  storage::memory_journal& journal, partition_id partition,
                                  const raft::snapshot_mark& mark) {
  const auto at_mark = known.entries.find(mark.index);
  oracle_.expect(at_mark == known.entries.end() || at_mark->second.at_term == mark.at_term,
                 "replicas", words_for(node, partition, mark.index) + ": another term");
  const auto held
    = journal.load(partition, next(journal.extent_of(partition).base.index), UINT64_MAX);
  if (!held)
    return;
  for (const auto& one : *held) {
    if (one.index > mark.index)
      break;
    const auto right = known.entries.find(one.index);
    oracle_.expect(right == known.entries.end() || right->second == name_of(one), "replicas",
                   words_for(node, partition, one.index) + ": not the entry that others have");
  }
}

} // namespace present::simulation::cluster
