@0xb7d1652f6b924d83;

# What a client asks of a partition and what it is told: on the wire
# (rpc.capnp) and in the log (entry.capnp) alike. Mirrors
# actors/partition/operation.hpp. Ordinals are never reused or renumbered.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

using SpaceSettings = import "map.capnp".SpaceSettings;

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
      at @35 :UInt64;     # HLC: as it was then; 0: as it is
    }
    scan :group {
      space @6 :UInt32;
      first @7 :Data;
      last @8 :Data;      # empty: the end of the space
      limit @9 :UInt32;   # 0: the largest page, 1,000
      keysOnly @10 :Bool;
      stale @28 :Bool;
      at @36 :UInt64;     # as in a get
      escalated @44 :Bool; # what waits for somebody to decide, instead of the values
    }
    put :group {
      space @11 :UInt32;
      key @12 :Data;
      value @13 :Data;    # up to 1 MiB
      when @14 :Condition;
      knows @45 :WriteContext;
    }
    removeKey :group {
      space @15 :UInt32;
      key @16 :Data;
      when @17 :Condition;
      knows @46 :WriteContext;
    }
    createSpace :group {
      name @18 :Text;     # up to 64 bytes
      pieces @20 :UInt32; # ranges, cut evenly by the first byte; 0 is 1
      splitAt @21 :List(Data);
      # or where they are cut: rising keys
      settings @47 :SpaceSettings;
      # Null: all as by default.
    }
    dropSpace :group {
      name @19 :Text;
    }
    # What follows takes an admin's or a node's certificate.
    addNode @22 :AddNode;
    drainNode @23 :DrainNode;
    removeNode @24 :UInt32;
    reportMembers @25 :ReportMembers;
    transact @29 :Transact;
    # What follows takes a node's certificate: partitions of a transaction among each
    # other (actors/partition/two_phase.hpp).
    prepare @30 :Prepare;
    decide @31 :Decide;
    resolve @32 :Resolve;
    push @33 :Push;
    forget @34 :Forget;
    watch @37 :Watch;
    # By itself in its request, and in no log.
    # Locks, as actors/partition/locks.hpp has them; anybody's.
    acquireLock @38 :AcquireLock;
    keepLock @39 :KeepLock;
    releaseLock @40 :ReleaseLock;
    readLock @41 :ReadLock;
    raiseFence @42 :Place;
    setSpace @48 :SetSpace;
    settleEscalation @49 :SettleEscalation;
    # Takes an admin's certificate.
    endSession @50 :Place;
    # Of the client that asks, in the partition that has this key.
    aftermath @51 :Aftermath;
    # Takes a node's certificate, as `prepare` does.
  }
  fence @43 :LockFence;
  # A write under a lock: `fenced` if a later token is known. Without: none.
}

struct AcquireLock {
  where @0 :Place;
  claim @1 :UInt64;       # drawn by the client, for this try to hold it
  leaseMs @2 :UInt32;     # 200 to 3,600,000
  wait @3 :Bool;
  owner @4 :Data;         # for people, up to 256 bytes
  hasValue @5 :Bool;
  value @6 :Data;         # what its holder publishes, up to 4 KiB
  ofSession @7 :Bool;     # goes with the session of the client that asks
}

struct KeepLock {
  where @0 :Place;
  claim @1 :UInt64;
  waitMs @2 :UInt32;      # of one in the queue: for how long it waits for the lock
}

struct ReleaseLock {
  where @0 :Place;
  claim @1 :UInt64;
}

struct ReadLock {
  where @0 :Place;
  known @1 :UInt64;       # the version that the client knows
  waitMs @2 :UInt32;      # for how long it waits for another
}

struct LockFence {
  where @0 :Place;        # the lock's
  token @1 :UInt64;
}

struct LockStanding {
  version @0 :UInt64;     # 0: nobody has it
  token @1 :UInt64;
  leaseMs @2 :UInt32;
  waiting @3 :UInt32;
  owner @4 :Data;
  hasValue @5 :Bool;
  value @6 :Data;
}

struct Watch {
  # What has changed from `from` on? Answered when something has, or with an empty page
  # when `waitMs` are over; then asked again from where the page ends (`next`).
  space @0 :UInt32;
  key @1 :Data;           # or what the keys begin with
  isPrefix @2 :Bool;
  index @3 :UInt64;       # 0: from the first change stamped above `above`, or from now
  ordinal @4 :UInt32;
  above @5 :UInt64;       # HLC: only versions above it
  waitMs @6 :UInt32;      # up to 60,000
  stale @7 :Bool;         # any replica's log will do, which may be behind
}

struct WatchedChange {
  key @0 :Data;
  version @1 :UInt64;
  isRemoval @2 :Bool;
  value @3 :Data;
  index @4 :UInt64;       # where to go on after it
  ordinal @5 :UInt32;
}

struct WatchedPage {
  changes @0 :List(WatchedChange);  # in the log's order
  index @1 :UInt64;       # where to go on after all of them
  ordinal @2 :UInt32;
}

struct WriteContext {
  # What the author of a write knew (actors/partition/write_context.hpp); null: nothing
  # that could be in conflict.
  hasBase @0 :Bool;
  base @1 :UInt64;        # the version that it read; 0: nothing was there
  hasAt @2 :Bool;
  at @3 :UInt64;          # when it was written, for imports and other regions
  origin @4 :UInt64;      # by whom
  hasAfter @5 :Bool;
  after @6 :UInt64;       # the highest stamp among its causes
  schema @7 :Text;        # the registered schema of the value; empty: the space's
  found @8 :WriteFindings;
  # In logs only, of the leader; a client's is thrown away.
}

struct WriteFindings {
  schema @0 :UInt8;       # 0 fits, 2 incompatible
  schemaProblem @1 :Text;
  policy @2 :UInt8;       # 0 allowed, 1 denied, 2 somebody decides
  policyProblem @3 :Text;
  escalation @4 :Text;
  migrated @5 :Bool;
  hasMerged @6 :Bool;
  merged @7 :Data;
  mergedOf @8 :UInt64;
  mergeProblem @9 :Text;
}

struct SetSpace {
  name @0 :Text;
  conflicts @1 :SpaceSettings;
  # Null: as they are. Only its first three fields count.
  hasClosesAfter @2 :Bool;
  closesAfterMs @3 :UInt64;
  hasSchema @4 :Bool;
  schema @5 :Text;
  hasPolicy @6 :Bool;
  policy @7 :Text;
  versionsKept @8 :UInt32; # 0: as they are
}

struct SettleEscalation {
  where @0 :Place;
  write @1 :UInt64;
  accept @2 :Bool;        # it is written now; else it is dropped
}

struct Place {
  # A key, or the keys from it up to `last`, which is not among them; an empty `last`
  # is the end of the space.
  space @0 :UInt32;
  key @1 :Data;
  last @2 :Data;
}

struct SeenKey {
  where @0 :Place;
  version @1 :UInt64;     # 0: absent
}

struct SeenRow {
  key @0 :Data;
  version @1 :UInt64;
}

struct SeenRange {
  where @0 :Place;
  rows @1 :List(SeenRow); # these and no other
}

struct Comparison {
  where @0 :Place;
  relation @1 :UInt8;     # 0 equal, 1 not equal, 2 less, 3 greater
  union {
    version @2 :UInt64;   # of an absent key it is 0
    value @3 :Data;       # of an absent key nothing holds
  }
}

struct Step {
  where @0 :Place;
  union {
    get @1 :Void;
    scan :group {
      limit @2 :UInt32;   # 0: the largest page, 1,000
      keysOnly @3 :Bool;
    }
    put @4 :Data;
    remove @5 :Void;
    number :group {
      how @6 :UInt8;      # 0 add, 1 min, 2 max
      operand @7 :Int64;
    }
    element :group {
      how @8 :UInt8;      # 0 append to a list, 1 insert into a set, 2 take out of a set
      element @9 :Data;
    }
  }
}

struct Transact {
  # Up to 10,000 places and 8 MiB. All of it or nothing:
  # `transactionConflict` if what was seen has changed; else `then` if all comparisons
  # hold, or `otherwise`, step by step, each seeing what those before it wrote.
  start @0 :UInt64;       # HLC; of the first try, kept across retries; 0: now
  seen @1 :List(SeenKey);
  ranges @2 :List(SeenRange);
  compare @3 :List(Comparison);
  then @4 :List(Step);
  otherwise @5 :List(Step);
  found @6 :TransactFindings;
  # In logs only, of the leader; a client's is thrown away.
}

struct TransactFindings {
  then @0 :BranchFindings;
  otherwise @1 :BranchFindings;
}

struct BranchFindings {
  # What policies and schemas say of what a branch writes (actors/partition/transact.hpp).
  writes @0 :List(JudgedWrite);
  found @1 :WriteFindings;  # of the last of them
}

struct JudgedWrite {
  step @0 :UInt32;
  of @1 :UInt64;            # the version that was there then
}

struct Terms {
  client @0 :UInt64;      # with `number`: the operation that asked for the transaction
  number @1 :UInt64;
  home @2 :Place;         # a key of the partition that decides
  start @3 :UInt64;
  deadline @4 :UInt64;
}

struct Prepare {
  terms @0 :Terms;
  part @1 :Transact;
  compares @2 :Bool;      # some part of the transaction does, or has an `otherwise`: both
                          # branches are prepared, and home says which is taken
}

struct OtherBranch {
  # Of one that compares: what its part of the second branch comes to, and what became
  # of the first.
  isCertain @0 :Bool;     # a comparison failed here: the second is taken
  firstCode @1 :UInt16;   # why the first can't be taken; 0: it can
  firstMessage @2 :Text;
  code @3 :UInt16;        # the same of this one
  message @4 :Text;
  steps @5 :List(StepResult);
  hasSteps @6 :Bool;
}

struct PreparedPart {
  where @0 :Place;
  stamp @1 :UInt64;
}

struct Decide {
  terms @0 :Terms;
  part @1 :Transact;
  others @2 :List(PreparedPart);
  count @3 :UInt32;          # of the transaction's steps
  places @4 :List(UInt32);   # of home's among them
  steps @5 :List(StepResult);  # of the others', as they prepared; the version 2^64-1 is
  hasSteps @6 :Bool;           # the decision's. Without: all of them wrote
  code @7 :UInt16;             # why the others can't do it; 0: they can
  message @8 :Text;
  fails @9 :Bool;              # a comparison of the others does
  otherwise @10 :Elsewhere;    # the same of the second branch
}

struct Elsewhere {
  # What Decide has of the first branch in its own fields.
  count @0 :UInt32;
  places @1 :List(UInt32);
  steps @2 :List(StepResult);
  hasSteps @3 :Bool;
  code @4 :UInt16;
  message @5 :Text;
}

struct Resolve {
  client @0 :UInt64;
  number @1 :UInt64;
  committed @2 :Bool;
  stamp @3 :UInt64;
  deadline @4 :UInt64;
  otherwise @5 :Bool;     # of two branches the second is taken
}

struct Push {
  client @0 :UInt64;
  number @1 :UInt64;
  home @2 :Place;
  deadline @3 :UInt64;
}

struct Forget {
  client @0 :UInt64;
  number @1 :UInt64;
  where @2 :Place;
}

struct Aftermath {
  # Of up to 1,000 transactions that are decided.
  resolved @0 :List(Resolve);
  known @1 :List(Forget);
}

struct ResultRow {
  key @0 :Data;
  version @1 :UInt64;
  hasValue @2 :Bool;
  value @3 :Data;
}

struct StepResult {
  code @0 :UInt16;        # 0, or notFound
  more @1 :Bool;
  hasValue @2 :Bool;
  version @3 :UInt64;
  value @4 :Data;
  rows @5 :List(ResultRow);
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
  byMap @3 :UInt64;     # epoch of the map that its leader acts by; 0: it doesn't say
}

struct ScanRow {
  key @0 :Data;
  version @1 :UInt64;
  value @2 :Data;
}

struct EscalatedRow {
  # A key, and the writes of it that wait for somebody to decide.
  key @0 :Data;
  writes @1 :List(Write);

  struct Write {
    stamp @0 :UInt64;     # its name among those of the key
    path @1 :Text;
    reason @2 :Text;
    current @3 :UInt64;   # the version that it met; 0: none
    tombstone @4 :Bool;
    value @5 :Data;
    hasAt @6 :Bool;
    at @7 :UInt64;
    origin @8 :UInt64;
  }
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
  steps @11 :List(StepResult);
  hasSteps @12 :Bool;
  # transact: a result per step of the branch taken; without: all of them wrote, at
  # `version`.
  otherwise @13 :Bool;    # transact: the comparisons failed; a lock: it waits
  watched @15 :WatchedPage;
  holder @14 :Terms;      # transactionConflict: the transaction that holds the lock
  lock @16 :LockStanding; # readLock
  conflict @17 :UInt8;    # a write met a conflict: its kind (conflict_kind) + 1; 0: none
  then @18 :UInt8;        # what became of it (outcome_kind)
  escalated @19 :List(EscalatedRow);
  branch @20 :OtherBranch;    # prepare, of one that compares
  tookOtherwise @21 :Bool;    # push: it was committed, and its comparisons had failed
}
