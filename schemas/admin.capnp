@0xd9e04b7c61a2f385;

# What operators ask of a node. Any node answers for the whole cluster. Only an
# admin certificate obtains an `Admin` (rpc.capnp). Rules of evolution: README.md.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

using Error = import "error.capnp".Error;
using ErrorCode = import "error.capnp".ErrorCode;

interface Admin {
  status @0 () -> (status :ClusterStatus, error :Error);

  tree @1 (node :UInt32) -> (root :Actor, error :Error);
  # The supervision tree of one node; 0: of the node that answers.

  inspect @2 (node :UInt32, actor :Text) -> (actor :Actor, error :Error);
  # One actor with its children, by the `id` that the tree shows.

  members @3 () -> (members :List(Member), error :Error);

  pauseActor @4 (node :UInt32, actor :Text) -> (error :Error);
  resumeActor @5 (node :UInt32, actor :Text) -> (error :Error);
  # A paused actor keeps its mail and handles none of it. Idempotent.

  restartActor @6 (node :UInt32, actor :Text) -> (error :Error);
  # As if it had failed: its supervisor applies its strategy and counts it.

  transferLeadership @7 (partition :UInt32, to :UInt32) -> (error :Error);
  # Accepted, not done: `status` tells who leads.

  initialise @8 (members :List(Member), partitions :UInt32) -> (error :Error);
  # The one-time birth of a cluster (P19), asked of each founder: nodes with their
  # stores and addresses, and how many partitions there are besides the root.
  # `invalid`: the node belongs to a cluster already, or is not as the members say.
  # Idempotent.

  metrics @9 () -> (text :Text, error :Error);
  # Of this node, in Prometheus' text format.

  self @10 () -> (self :Member, mapEpoch :UInt64, error :Error);
  # The answering node itself. Epoch 0: it has not heard of a cluster.

  trace @11 (traceHigh :UInt64, traceLow :UInt64) -> (spans :List(Span), error :Error);
  # What the nodes that answer still remember of a trace, by start time; empty:
  # nothing, it was not sampled, or is too long ago.
}

struct Span {
  span @0 :UInt64;
  parent @1 :UInt64;
  # The caller's span; 0: the trace begins here.
  name @2 :Text;
  node @3 :UInt32;
  startMs @4 :UInt64;
  # Since the Unix epoch, by the node's clock.
  beganNs @5 :UInt64;
  # By the node's monotonic clock: orders the spans of one node.
  durationUs @6 :UInt64;
  outcome @7 :ErrorCode;
  attributes @8 :List(Attribute);

  struct Attribute {
    name @0 :Text;
    value @1 :Text;
  }
}

struct ClusterStatus {
  available @0 :Bool;
  # Every partition has a leader that can commit.
  quorum @1 :Bool;
  # The answering node hears a majority of the nodes.
  partitions @2 :List(PartitionStatus);
  nodes @3 :List(Member);
  mapEpoch @4 :UInt64;
}

struct PartitionStatus {
  id @0 :UInt32;
  leader @1 :UInt32;
  # 0: none that is known.
  term @2 :UInt64;
  commit @3 :UInt64;
  applied @4 :UInt64;
  replicas @5 :List(ReplicaStatus);
  failuresTolerated @6 :UInt32;
  # How many more nodes may fail at this moment before it stops.
  self @7 :UInt32;
  # Whose view this is: the leader's, if there is one.
  hasQuorum @8 :Bool;
  disputedBuckets @9 :UInt32;
  # Of 256 buckets of keys: on how many the replicas disagree without a majority (P25).
  # Not 0: an operator has to decide, and what is in them is refused until then.
}

struct ReplicaStatus {
  node @0 :UInt32;
  state @1 :Text;
  # leader, follower, learner, candidate, snapshot, unreachable
  lag @2 :UInt64;
  # Entries behind the leader's last.
}

struct Member {
  node @0 :UInt32;
  store @1 :UInt64;
  state @2 :Text;
  # up, down, joining, draining, left
  fenced @3 :Bool;
  # It lost its quorum and says so.
  rpcAddress @4 :Text;
  httpAddress @5 :Text;
  version @6 :Text;
  # Of the program; mixed during a rolling upgrade.
}

struct Actor {
  id @0 :Text;
  kind @1 :Text;
  node @2 :UInt32;
  state @3 :Text;
  # starting, running, paused, restarting, stopping, stopped, failed
  since @4 :UInt64;
  # Milliseconds since the Unix epoch.
  mailbox @5 :UInt64;
  handled @6 :UInt64;
  restarts @7 :UInt64;
  lastError @8 :Text;
  children @9 :List(Actor);
  handlingMicros @10 :UInt64;
  # Time in handlers, over all restarts.
  more @11 :List(Detail);
  # What the actor adds: few, short, in an order that stays.

  struct Detail {
    name @0 :Text;
    value @1 :Text;
  }
}
