@0xb3fc1fae8c56383f;

# The payload of a command entry of a partition's log.

using Cxx = import "/capnp/c++.capnp";
using ClusterMap = import "map.capnp".ClusterMap;
using SpaceSettings = import "map.capnp".SpaceSettings;
using Operation = import "operation.capnp".Operation;
$Cxx.namespace("present::schema");

struct EntryBatch {
  machineVersion @0 :UInt16;
  firstStamp @1 :UInt64;             # HLC; the operation at place i has this + i
  operations @2 :List(Operation);    # writes only
  command :union {
    # Of the leader's own accord; applied before the operations.
    none @3 :Void;
    found @4 :ClusterMap;            # root partition only: the cluster is born
    adopt @5 :Share;
    marker @6 :Void;                 # the replicas take and compare digests (P24)
    expire @7 :List(Claim);          # nobody kept them alive; an entry without operations
  }
}

struct Claim {
  # Who holds a lock or waits for it.
  space @0 :UInt32;
  key @1 :Data;
  claim @2 :UInt64;
}

struct Share {
  # What the partition owns by the map of this epoch.
  epoch @0 :UInt64;
  owned @1 :List(Range);
  spaces @2 :List(OwnedSpace);         # those whose settings aren't as by default

  struct OwnedSpace {
    space @0 :UInt32;
    settings @1 :SpaceSettings;
  }
  struct Range {
    space @0 :UInt32;
    first @1 :Data;
    last @2 :Data;                   # not among them; empty: the end of the space
  }
}
