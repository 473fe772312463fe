@0xc2f1a58e0d7b4913;

# What nodes say to each other: raft's messages, as actors/raft/raft_types.hpp
# has them in memory. Only a node certificate of the cluster obtains a `Peer`
# (rpc.capnp). Rules of evolution: README.md.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

using Member = import "admin.capnp".Member;
using PartitionStatus = import "admin.capnp".PartitionStatus;
using Actor = import "admin.capnp".Actor;
using Span = import "admin.capnp".Span;
using ClusterMap = import "map.capnp".ClusterMap;

interface Peer {
  # Who holds one may also send letters (`PeerLetter`) on its connection.

  report @0 () -> (report :NodeReport);
  # What the node knows of itself: for operators who ask another node.

  offerMap @1 (map :ClusterMap) -> ();
  # The sender's map. A newer one than the receiver's replaces that; another
  # cluster's is dropped. Idempotent.

  spans @2 (traceHigh :UInt64, traceLow :UInt64) -> (spans :List(Span));
  # What the node remembers of a trace.
}

struct PeerLetter {
  # Sent beside the calls, as a message of its own, and not answered: raft survives
  # loss, so a broken link is the only news.
  mark @0 :UInt16;
  # `letterMark` (rpc.capnp), and the first field: so it is told from a call.
  messages @1 :List(RaftMessage);
  # Of all partitions that the two nodes share, in the sender's order. At most
  # `max_rpc_message` (9 MiB) bytes.
}

struct NodeReport {
  self @0 :Member;
  partitions @1 :List(PartitionStatus);
  tree @2 :Actor;
  map @3 :ClusterMap;
  # As this node knows it.
}

struct RaftMessage {
  partition @0 :UInt32;
  from @1 :UInt32;
  to @2 :UInt32;
  # Nodes. A message that is not for the receiver, or not from the node that the
  # certificate names, is dropped.
  fromStore @3 :UInt64;
  # Which incarnation of the sender's data speaks. Dropped unless it is the one
  # that the configuration names (P19).
  term @4 :UInt64;
  wallMs @12 :UInt64;
  # The sender's wall clock at sending, in milliseconds (P21).
  latest @13 :UInt64;
  # The highest HLC stamp that the sender has given or seen. An append that is too far
  # ahead of the receiver's clock is dropped.

  body :union {
    voteRequest @5 :VoteRequest;
    voteReply @6 :VoteReply;
    appendRequest @7 :AppendRequest;
    appendReply @8 :AppendReply;
    snapshotChunk @9 :SnapshotChunk;
    snapshotReply @10 :SnapshotReply;
    timeoutNow @11 :Void;
    carried @14 :ReplicaMessage;
  }
}

struct VoteRequest {
  lastIndex @0 :UInt64;
  lastTerm @1 :UInt64;
  pre @2 :Bool;
  # Pre-vote: changes nothing at the voter.
  transfer @3 :Bool;
  # After TimeoutNow: passes pre-vote and check-quorum.
}

struct VoteReply {
  pre @0 :Bool;
  granted @1 :Bool;
}

struct AppendRequest {
  previousIndex @0 :UInt64;
  previousTerm @1 :UInt64;
  commit @2 :UInt64;
  round @3 :UInt64;
  # The read-index round that this message confirms (P15).
  quiet @4 :Bool;
  # Nothing more will come until there is work: rely on the link's liveness (P20).
  entries @5 :List(Entry);
  # Contiguous from previousIndex + 1. Empty: heartbeat or probe.
}

struct AppendReply {
  accepted @0 :Bool;
  matched @1 :UInt64;
  # Accepted: durable, and checked against this leader in this term (rule 2).
  refusedIndex @2 :UInt64;
  hintIndex @3 :UInt64;
  hintTerm @4 :UInt64;
  # Refused: which previousIndex, the follower's entry to probe next, and that
  # entry's term (rule 8).
  round @5 :UInt64;
  stateWanted @6 :UInt64;
  # The follower has a log and no state: it needs one of this index or a later one.
}

struct SnapshotChunk {
  mark @0 :SnapshotMark;
  offset @1 :UInt64;
  bytes @2 :Data;
  last @3 :Bool;
  digest @4 :UInt64;
  # Of the whole snapshot; a resume names the same.
}

struct SnapshotReply {
  mark @0 :SnapshotMark;
  nextOffset @1 :UInt64;
  installed @2 :Bool;
}

struct ReplicaMessage {
  # What replicas say to each other beside raft (actors/partition/replica_message.hpp).
  what :union {
    digestAsked @0 :DigestAsked;
    digestTold @1 :DigestTold;
    digestVerdict @2 :DigestVerdict;
    standingAsked @3 :StandingAsked;
    standingTold @4 :StandingTold;
  }
}

struct LogPosition {
  index @0 :UInt64;
  term @1 :UInt64;
}

struct StandingAsked {
  # A replica that starts asks what its peers remember of it (P19).
  boot @0 :UInt64;
  opening @1 :UInt64;
  # Which opening of its store this is: a count, and a number drawn by chance.
  term @2 :UInt64;
  reached @3 :LogPosition;
}

struct StandingTold {
  opening @0 :UInt64;
  # The asker's.
  term @1 :UInt64;
  last @2 :LogPosition;
  # The witness's own term, and the end of its log.
  sign @3 :UInt8;
  # That the asker has gone back. 0: none; 1: openings; 2: terms; 3: the log.
  members @4 :Configuration;
  # By the witness's log: whom the asker has to ask, if that log is newer than what it knows.
}

struct DigestAsked {
  marker @0 :UInt64;
  # Index of the marker entry.
}

struct DigestTold {
  marker @0 :UInt64;
  standing @1 :UInt8;
  # 0: none was taken; 1: taken; 2: the replica has no state.
  sums @2 :List(UInt64);
  counts @3 :List(UInt64);
  # Of a taken one: of each of the 256 buckets.
}

struct DigestVerdict {
  marker @0 :UInt64;
  buckets @1 :List(UInt16);
  # In which the receiver differs from a majority.
}

struct SnapshotMark {
  # Index and term of the last entry that the snapshot replaced travel together,
  # with the configuration as of that index (rules 6, 10).
  index @0 :UInt64;
  term @1 :UInt64;
  members @2 :Configuration;
}

struct Configuration {
  voters @0 :List(UInt32);
  outgoing @1 :List(UInt32);
  # Empty unless a joint consensus is under way.
  learners @2 :List(UInt32);
  stores @3 :List(MemberStore);
  # A node listed here takes part with that store only (P19).

  struct MemberStore {
    node @0 :UInt32;
    store @1 :UInt64;
  }
}

struct Entry {
  term @0 :UInt64;
  index @1 :UInt64;
  content :union {
    empty @2 :Void;
    # The first entry of a leadership (rule 1).
    command @3 :Data;
    # An EntryBatch (entry.capnp).
    configuration @4 :Configuration;
    # Who takes part from here on (rule 6).
  }
}
