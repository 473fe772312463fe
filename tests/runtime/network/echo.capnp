@0xe1b7c90f52d4a863;

# What the tests of runtime/network serve.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::test");

interface Echo {
  say @0 (text :Data) -> (text :Data);
  whoAmI @1 () -> (id :Text);
  never @2 () -> ();
  # Is under way until the connection ends.
  read @3 (times :UInt32, nested :Nested) -> (depth :UInt32);
  # Reads the whole structure that often.
}

struct Nested {
  inner @0 :Nested;
  bytes @1 :Data;
}
