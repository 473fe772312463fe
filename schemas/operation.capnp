@0xb7d1652f6b924d83;

# What a client asks of a partition and what it is told: on the wire
# (rpc.capnp) and in the log (entry.capnp) alike. Mirrors
# actors/partition/operation.hpp. Ordinals are never reused or renumbered.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

struct Condition {
  union {
    always @0 :Void;
    absent @1 :Void;
    version @2 :UInt64;   # HLC stamp
  }
}

struct Operation {
  client @0 :UInt64;
  number @1 :UInt64;
  retryUntil @2 :UInt64;  # HLC stamp
  ackedBelow @3 :UInt64;
  fingerprint @26 :UInt64;
  # Not 0: the client id was made from the caller's own name for this work (an
  # Idempotency-Key), and this from all that was asked under it. Another one under
  # the same client id is refused as `invalid`.
  union {
    get :group {
      space @4 :UInt32;
      key @5 :Data;       # 1-400 bytes
      stale @27 :Bool;    # what the replica asked has applied will do
    }
    scan :group {
      space @6 :UInt32;
      first @7 :Data;
      last @8 :Data;      # empty: the end of the space
      limit @9 :UInt32;   # 0: the largest page, 1,000
      keysOnly @10 :Bool;
      stale @28 :Bool;
    }
    put :group {
      space @11 :UInt32;
      key @12 :Data;
      value @13 :Data;    # up to 1 MiB
      when @14 :Condition;
    }
    removeKey :group {
      space @15 :UInt32;
      key @16 :Data;
      when @17 :Condition;
    }
    createSpace :group {
      name @18 :Text;     # up to 64 bytes
      pieces @20 :UInt32; # ranges, cut evenly by the first byte; 0 is 1
      splitAt @21 :List(Data);
      # or where they are cut: rising keys
    }
    dropSpace :group {
      name @19 :Text;
    }
    # What follows takes an admin's or a node's certificate.
    addNode @22 :AddNode;
    drainNode @23 :DrainNode;
    removeNode @24 :UInt32;
    reportMembers @25 :ReportMembers;
  }
}

struct AddNode {
  node @0 :UInt32;
  store @1 :UInt64;
  rpcAddress @2 :Text;
  httpAddress @3 :Text;
}

struct DrainNode {
  node @0 :UInt32;
  undo @1 :Bool;
}

struct ReportMembers {
  partition @0 :UInt32;
  index @1 :UInt64;     # in the partition's log
  voters @2 :List(UInt32);
}

struct ScanRow {
  key @0 :Data;
  version @1 :UInt64;
  value @2 :Data;
}

struct Answer {
  client @0 :UInt64;
  number @1 :UInt64;
  code @2 :UInt16;        # error_code of runtime/base/error.hpp; 0 is success
  known @3 :UInt8;        # 0 not applied, 1 applied, 2 unknown
  version @4 :UInt64;
  value @5 :Data;
  hasValue @6 :Bool;
  rows @7 :List(ScanRow);
  more @8 :Bool;
  repeated @9 :Bool;
  message @10 :Text;
}
