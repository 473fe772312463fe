@0xe3b51304f6e93c20;
# What an LMDB environment keeps of its encryption (storage/key_ring.hpp). Neither
# is secret: the data key is wrapped by a key that isn't in the environment, a
# salt is worth nothing without it.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::stored");

struct WrappedKey {
  wrappedBy @0 :UInt32;
  # The provider's number of its key.
  bytes @1 :Data;
}

struct Opening {
  # One for each time that the environment was opened: P26.
  salt @0 :Data;
}
