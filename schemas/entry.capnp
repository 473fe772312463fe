@0xb3fc1fae8c56383f;

# The payload of a command entry of a partition's log.

using Cxx = import "/capnp/c++.capnp";
using Operation = import "operation.capnp".Operation;
$Cxx.namespace("present::schema");

struct EntryBatch {
  machineVersion @0 :UInt16;
  firstStamp @1 :UInt64;             # HLC; the operation at place i has this + i
  operations @2 :List(Operation);    # writes only
}
