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
}

struct SpaceRecord {
  name @0 :Text;
  version @1 :UInt64;
  dropped @2 :Bool;
  conflicts @3 :UInt8;
  reach @4 :UInt8;
  versionsKept @5 :UInt32;
  archiveAfterMs @6 :UInt64;
  schema @7 :Text;
  collected @8 :Bool;
}

struct NodeRecord {
  store @0 :UInt64;
  state @1 :UInt8;
  rpcAddress @2 :Text;
  httpAddress @3 :Text;
  programVersion @4 :UInt32;
  version @5 :UInt64;
}

struct PartitionShare {
  partition @0 :UInt32;
  firstSpace @1 :UInt32;
  firstKey @2 :Data;
  replicas @3 :List(UInt32);
}

struct PartitionMapRecord {
  epoch @0 :UInt64;
  shares @1 :List(PartitionShare);
  nextPartition @2 :UInt32;
  nextSpace @3 :UInt32;
}

struct SessionAnswer {
  number @0 :UInt64;
  retryUntil @1 :UInt64;
  code @2 :UInt16;
  flags @3 :UInt32;
  version @4 :UInt64;
}

struct SessionRecord {
  identity @0 :Text;
  ackedBelow @1 :UInt64;
  answers @2 :List(SessionAnswer);
  liveUntil @3 :UInt64;
}

struct ValueRecord {
  version @0 :UInt64;
  tombstone @1 :Bool;
  bytes @2 :Data;
}

struct BucketDigest {
  sum @0 :UInt64;
  count @1 :UInt64;
}

struct StateDigest {
  # What all rows of the last checkpoint add up to (storage/digest.hpp).
  buckets @0 :List(BucketDigest);
}
