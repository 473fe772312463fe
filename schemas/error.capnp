@0xf4716c3d92be805a;

# The closed list of errors, the same on every interface (INTERFACE: errors).
# The numbers are those of runtime/base/error.hpp.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

struct Error {
  code @0 :ErrorCode;
  # `ok` (also a null pointer): no error. A number that the reader doesn't know
  # is to be read as `unknownOutcome`.
  outcome @1 :Outcome;
  # What is known of the effect. `unknown` is never to be read as failure (P5).
  message @2 :Text;
  # One sentence for people: what was wrong, where, what to do.
  retryAfterMs @3 :UInt32;
  # 0: the sender has no opinion.
  leaderHint @4 :UInt32;
  # The node that leads, as far as the sender knows; 0: it doesn't.
  currentVersion @5 :UInt64;
  # `versionConflict`: what is there now; 0: no such key.
  traceId @6 :Text;
}

enum Outcome {
  notApplied @0;
  applied @1;
  unknown @2;
}

enum ErrorCode {
  ok @0;
  notFound @1;
  unknownSpace @2;
  versionConflict @3;
  transactionConflict @4;
  retroactiveWrite @5;
  tooOld @6;
  fenced @7;
  schemaIncompatible @8;
  obligationViolated @9;
  denied @10;
  unauthenticated @11;
  notLeader @12;
  wrongPartition @13;
  noQuorum @14;
  overloaded @15;
  diskFull @16;
  clockSkew @17;
  damaged @18;
  deadline @19;
  sessionExpired @20;
  unknownOutcome @21;
  tooLarge @22;
  invalid @23;
}
