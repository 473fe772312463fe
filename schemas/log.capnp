@0x9a5ff76967cabb65;
# What the journal keeps (storage/journal.hpp). Each message stands alone in an
# LMDB value, sealed by storage/seal.hpp.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::stored");

struct JournalIdentity {
  # Read before anything else, so that a newer folder can be refused.
  format @0 :UInt32;
  cluster @1 :Text;
  node @2 :UInt32;
  store @3 :UInt64;
  boot @4 :UInt64;
}

struct LogPosition {
  index @0 :UInt64;
  term @1 :UInt64;
}

struct HardState {
  term @0 :UInt64;
  votedFor @1 :UInt32;
  tail @2 :LogPosition;
  # The last entry, so that a missing one is noticed.
  promised @3 :LogPosition;
  # Where the log ended before damage was found in it (rule 15).
}

struct MemberStore {
  node @0 :UInt32;
  store @1 :UInt64;
}

struct Configuration {
  voters @0 :List(UInt32);
  outgoing @1 :List(UInt32);
  learners @2 :List(UInt32);
  stores @3 :List(MemberStore);
}

struct SnapshotMark {
  # In the journal, and in the state as its applied mark (rule 11).
  index @0 :UInt64;
  term @1 :UInt64;
  members @2 :Configuration;
}

struct Witnesses {
  # What a replica remembers of its peers' stores (P19).
  peers @0 :List(Witnessed);

  struct Witnessed {
    node @0 :UInt32;
    store @1 :UInt64;
    boot @2 :UInt64;
    opening @3 :UInt64;
    heard @4 :UInt64;
    # The highest term.
    matched @5 :LogPosition;
  }
}

struct LogEntry {
  # Partition and index are in the key. The payload follows the message as it is.
  term @0 :UInt64;
  kind @1 :UInt8;
  members @2 :Configuration;
}
