@0xb2f93162baf1c07c;
# Values that replicas change without asking each other (storage/crdt/crdt_value.hpp), and
# their deltas. All lists are rising and have nothing twice, so that equal values are
# equal bytes; a reader refuses what isn't so.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::stored");

struct CrdtCount {
  # A dot, or how far a replica has counted.
  replica @0 :UInt64;
  count @1 :UInt64;
}

struct CrdtContext {
  seen @0 :List(CrdtCount);
  # Of each replica all changes up to this one.
  apart @1 :List(CrdtCount);
}

struct CrdtWrite {
  dot @0 :CrdtCount;
  value @1 :Data;
}

struct CrdtMember {
  name @0 :Data;
  dots @1 :List(CrdtCount);
}

struct CrdtRegisterField {
  name @0 :Data;
  writes @1 :List(CrdtWrite);
}

struct CrdtSetField {
  name @0 :Data;
  members @1 :List(CrdtMember);
}

struct CrdtLatest {
  at @0 :UInt64;
  by @1 :UInt64;
  present @2 :Bool;
  value @3 :Data;
}

struct CrdtPnCounter {
  added @0 :List(CrdtCount);
  taken @1 :List(CrdtCount);
}

struct CrdtRegister {
  writes @0 :List(CrdtWrite);
  context @1 :CrdtContext;
}

struct CrdtSet {
  members @0 :List(CrdtMember);
  context @1 :CrdtContext;
}

struct CrdtMap {
  registers @0 :List(CrdtRegisterField);
  sets @1 :List(CrdtSetField);
  context @2 :CrdtContext;
}

struct CrdtValue {
  union {
    gCounter @0 :List(CrdtCount);
    pnCounter @1 :CrdtPnCounter;
    lwwRegister @2 :CrdtLatest;
    mvRegister @3 :CrdtRegister;
    orSet @4 :CrdtSet;
    orMap @5 :CrdtMap;
  }
}
