@0xe5c1b3a94f7d2086;

# The cluster as the root partition has it (actors/membership/cluster_map.hpp): what
# clients route by, what nodes offer each other, what a node keeps of it on its disk,
# and what the root's log begins with.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

struct ClusterMap {
  epoch @0 :UInt64;
  # Rises with each change. 0: there is no cluster yet.
  cluster @1 :Text;
  nodes @2 :List(Node);
  spaces @3 :List(Space);
  ranges @4 :List(Range);
  # Sorted by (space, first): keys from `first` up to the next range's.
  leaders @5 :List(Leader);
  # Hints: may be out of date.
  partitions @6 :List(Placement);

  struct Node {
    id @0 :UInt32;
    rpcAddress @1 :Text;
    httpAddress @2 :Text;
    store @3 :UInt64;
    # Other stores of this node are ignored (P19).
    state @4 :UInt8;
    # 1 active, 2 draining, 3 left.
  }
  struct Space {
    id @0 :UInt32;
    name @1 :Text;
    settings @2 :SpaceSettings;
    # Null: all as by default.
  }
  struct Range {
    space @0 :UInt32;
    first @1 :Data;
    partition @2 :UInt32;
  }
  struct Leader {
    partition @0 :UInt32;
    node @1 :UInt32;    # 0: unknown
  }
  struct Placement {
    partition @0 :UInt32;
    founders @1 :List(Founder);
    wanted @2 :List(UInt32);
    members @3 :List(UInt32);
    membersIndex @4 :UInt64;
    departures @5 :List(Departure);
  }
  struct Departure {
    node @0 :UInt32;
    since @1 :UInt64;      # epoch of the map in which it was wanted no more
  }
  struct Founder {
    node @0 :UInt32;
    store @1 :UInt64;
  }
}

struct SpaceSettings {
  # How the values of a space are kept (storage/record.hpp).
  conflicts @0 :UInt8;
  # 0 reject, 1 last writer wins, 2 merge, 3 first writer wins, 4 escalate.
  merging @1 :Text;
  escalation @2 :Text;
  reach @3 :UInt8;
  versionsKept @4 :UInt32 = 1;
  archiveAfterMs @5 :UInt64;
  schema @6 :Text;
  closesAfterMs @7 :UInt64;
  policy @8 :Text;
}
