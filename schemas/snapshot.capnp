@0xd20b0051e6b42424;
# A snapshot: what a replica that lags too far gets instead of log entries
# (storage/snapshot_stream.hpp). A head, then blocks of rows in order of key; before
# each message stands its length in four bytes, big-endian.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::stored");

struct SnapshotHead {
  # Read before anything else, so that a newer snapshot can be refused.
  format @0 :UInt32;
  partition @1 :UInt32;
  mark @2 :Data;
  # A log.capnp SnapshotMark.
  digest @3 :Data;
  # A record.capnp StateDigest: what the rows add up to.
}

struct SnapshotBlock {
  rows @0 :List(SnapshotRow);
}

struct SnapshotRow {
  key @0 :Data;
  # As storage/keys.hpp writes it.
  record @1 :Data;
  # A message of record.capnp, in clear: the receiver seals it for itself (P26).
}
