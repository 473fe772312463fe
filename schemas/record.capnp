@0xf113c6e26e2f69eb;
# What a partition's state keeps (storage/record.hpp): one struct per kind of key
# in storage/keys.hpp. Each message stands alone in an LMDB value, sealed by
# storage/seal.hpp. What the key says isn't repeated here.
#
# Versions, stamps and timestamps are HLC: 48 bits of milliseconds, 16 of counter.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::stored");

struct StateIdentity {
  # Read before anything else, so that a newer folder can be refused.
  format @0 :UInt32;
  cluster @1 :Text;
  partition @2 :UInt32;
  store @3 :UInt64;
}

struct PartitionRecord {
  latest @0 :UInt64;
  closed @1 :UInt64;
  epoch @2 :UInt64;
  machineVersion @3 :UInt32;
  sessions @4 :UInt64;
  owned @5 :List(KeyRange);
  leaving @6 :List(UInt32);
  collected @7 :UInt64;
  # Tombstones up to this version may be gone.
  spaces @8 :List(OwnedSpace);
  # Those whose settings aren't as by default.
}

struct OwnedSpace {
  space @0 :UInt32;
  settings @1 :SpaceRecord;
  # Without name and version.
}

struct KeyRange {
  space @0 :UInt32;
  first @1 :Data;
  last @2 :Data;
  # Not among them; empty: the end of the space.
}

struct SpaceRecord {
  name @0 :Text;
  version @1 :UInt64;
  conflicts @2 :UInt8;
  reach @3 :UInt8;
  versionsKept @4 :UInt32;
  archiveAfterMs @5 :UInt64;
  schema @6 :Text;
  merging @7 :Text;
  escalation @8 :Text;
  closesAfterMs @9 :UInt64;
  policy @10 :Text;
}

struct NodeRecord {
  store @0 :UInt64;
  state @1 :UInt8;
  rpcAddress @2 :Text;
  httpAddress @3 :Text;
  version @4 :UInt64;
}

struct PartitionShare {
  space @0 :UInt32;
  firstKey @1 :Data;
  partition @2 :UInt32;
}

struct MemberStore {
  node @0 :UInt32;
  store @1 :UInt64;
}

struct Placement {
  partition @0 :UInt32;
  founders @1 :List(MemberStore);
  wanted @2 :List(UInt32);
  members @3 :List(UInt32);
  membersIndex @4 :UInt64;
  departures @5 :List(Departure);
}

struct Departure {
  node @0 :UInt32;
  since @1 :UInt64;
}

struct PartitionMapRecord {
  epoch @0 :UInt64;
  shares @1 :List(PartitionShare);
  placements @2 :List(Placement);
  nextSpace @3 :UInt32;
  cluster @4 :Text;
}

struct SessionAnswer {
  number @0 :UInt64;
  retryUntil @1 :UInt64;
  code @2 :UInt16;
  flags @3 :UInt32;
  version @4 :UInt64;
  steps @5 :List(StepResult);
  hasSteps @6 :Bool;
  # Of a transaction; without: what follows from the rest.
}

struct StepResult {
  # What one step of a transaction came to.
  code @0 :UInt16;
  more @1 :Bool;
  hasValue @2 :Bool;
  version @3 :UInt64;
  value @4 :Data;
  rows @5 :List(ResultRow);
}

struct ResultRow {
  key @0 :Data;
  version @1 :UInt64;
  hasValue @2 :Bool;
  value @3 :Data;
}

struct SessionRecord {
  identity @0 :Text;
  ackedBelow @1 :UInt64;
  answers @2 :List(SessionAnswer);
  liveUntil @3 :UInt64;
  fingerprint @4 :UInt64;
  ended @5 :Bool;
  # By its client: it takes no lock any more.
}

struct ValueRecord {
  version @0 :UInt64;
  tombstone @1 :Bool;
  bytes @2 :Data;
  isFirst @3 :Bool;
  # The key had never been there before, as far as is known.
  at @4 :Authorship;
  # Of a write that came with one.
}

struct TombstoneMark {
  # When a tombstone goes: its key says it all.
}

struct Authorship {
  stamp @0 :UInt64;
  origin @1 :UInt64;
}

struct EscalatedWrite {
  # A write that waits for somebody to decide (C4).
  stamp @0 :UInt64;
  path @1 :Text;
  reason @2 :Text;
  current @3 :UInt64;
  tombstone @4 :Bool;
  bytes @5 :Data;
  at @6 :Authorship;
}

struct EscalationRecord {
  writes @0 :List(EscalatedWrite);
  # Rising by stamp.
}

struct KeyName {
  space @0 :UInt32;
  key @1 :Data;
}

struct IntendedWrite {
  where @0 :KeyName;
  tombstone @1 :Bool;
  bytes @2 :Data;
}

struct PreparedRecord {
  # The locks of a transaction, and what it will write.
  home @0 :KeyName;
  start @1 :UInt64;
  deadline @2 :UInt64;
  stamp @3 :UInt64;
  reads @4 :List(KeyName);
  ranges @5 :List(KeyRange);
  writes @6 :List(IntendedWrite);
  steps @7 :List(StepResult);
  hasSteps @8 :Bool;
  otherwise @9 :OtherBranch;
  # Null: it doesn't compare.
  fence @10 :ReliedFence;
  # Null: it isn't under a lock.
}

struct ReliedFence {
  # A lock, and the token of the grant under which something has prepared.
  lock @0 :KeyName;
  token @1 :UInt64;
}

struct OtherBranch {
  # Of one that compares: its part of the second branch, and what became of the first.
  isCertain @0 :Bool;       # a comparison failed here
  firstCode @1 :UInt16;     # why the first can't be taken; 0: it can
  firstMessage @2 :Text;
  code @3 :UInt16;          # the same of this one
  message @4 :Text;
  writes @5 :List(IntendedWrite);
  steps @6 :List(StepResult);
  hasSteps @7 :Bool;
}

struct DecisionRecord {
  # How a transaction ended; home also keeps who has yet to hear of it.
  committed @0 :Bool;
  stamp @1 :UInt64;
  deadline @2 :UInt64;
  waiting @3 :List(KeyName);
  otherwise @4 :Bool;       # the second of its branches was taken
}

struct LockClaim {
  claim @0 :UInt64;
  leaseMs @1 :UInt32;
  owner @2 :Data;
  value @3 :Data;
  # Without: nothing is published.
  session @4 :UInt64;
  # The client with whose session it ends; 0: nobody's.
}

struct LockRecord {
  # A lock that somebody holds: its holder first, then its queue.
  token @0 :UInt64;
  version @1 :UInt64;
  claims @2 :List(LockClaim);
}

struct FenceRecord {
  # The highest token of another partition's lock.
  token @0 :UInt64;
}

struct BucketDigest {
  sum @0 :UInt64;
  count @1 :UInt64;
}

struct StateDigest {
  # What all rows of the last checkpoint add up to (storage/digest.hpp).
  buckets @0 :List(BucketDigest);
}
