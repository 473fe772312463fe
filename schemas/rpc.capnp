@0x9a64e2d8350b7fc1;

# The contract of a node, for programs in any language: Cap'n Proto RPC over TLS
# 1.3 with certificates on both sides. The bootstrap capability is a `Gate`; what
# it opens depends on the certificate's SPIFFE id:
#
#   spiffe://<trust domain>/client/<name>   session
#   spiffe://<trust domain>/node/<n>        session, peer
#   spiffe://<trust domain>/admin/<name>    session, admin
#
# A refusal is a value (`error`), never a Cap'n Proto exception: an exception
# means that the connection or the program broke, and that the outcome of what
# was under way is unknown. Rules of evolution: README.md.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("present::schema");

using Operation = import "operation.capnp".Operation;
using Answer = import "operation.capnp".Answer;
using Error = import "error.capnp".Error;
using ClusterMap = import "map.capnp".ClusterMap;
using Peer = import "peer.capnp".Peer;
using Admin = import "admin.capnp".Admin;

const formatVersion :UInt32 = 2;
# Of this contract. Rises only with a change that an older program would
# misread; new fields and methods don't raise it.

const letterMark :UInt16 = 0x6c70;
# What a letter begins with: a message beside those of RPC, which nobody answers
# (`PeerLetter`). Where it stands, RPC's messages have their kind, a small number.

const maxRequestOperations :UInt32 = 1000;
const maxRequestBytes :UInt32 = 4194304;
const maxKeyBytes :UInt32 = 400;
const maxValueBytes :UInt32 = 1048576;
const maxSpaceNameBytes :UInt32 = 64;
const maxTraceparentBytes :UInt32 = 55;
# Beyond one of these the request gets `tooLarge`, which names field and limit.

interface Gate {
  client @0 (hello :Hello) -> (session :Session, hello :Hello, error :Error);
  peer @1 (hello :Hello) -> (peer :Peer, hello :Hello, error :Error);
  admin @2 (hello :Hello) -> (admin :Admin, hello :Hello, error :Error);
  # The answer's `hello` is the node's own. Errors: `denied` (the certificate has
  # another role, or names another node or cluster than `hello`), `invalid` (a
  # format version that the node doesn't speak), `overloaded` (no room for one
  # more session of this identity). The capability is null then, so calls that
  # were pipelined on it fail. Idempotent.
}

struct Hello {
  formatVersion @0 :UInt32;
  cluster @1 :Text;
  # The trust domain: 12 hexadecimal digits. From a client it may be empty: "the
  # cluster of my certificate".
  node @2 :UInt32;
  # 0: not a node.
  store @3 :UInt64;
  # The incarnation of the node's data folder (P19).
  boot @4 :UInt64;
  # Counts the starts of that store. A lower one than was seen: an old copy.
}

interface Session {
  submit @0 (request :Request) -> (response :Response);
  # Operations for one partition. Not atomic: each has its own answer, and they
  # take effect in their order. A retry repeats each operation's (client, number)
  # and is answered, never applied again, until `retryUntil` (P4). Many calls may
  # be under way at once; beyond the node's bound they get `overloaded`.
  # Cancelling a call leaves the outcome of its writes unknown.

  map @1 () -> (map :ClusterMap, error :Error);
  # As this node knows it; a newer epoch replaces an older. That a space does not
  # exist is certain only from the leader of the root partition (number 0).
}

struct Request {
  partition @0 :UInt32;
  epoch @1 :UInt64;
  # Of the partition map by which the client chose the partition; 0: it has none
  # yet, and takes the leader's answer for what it is.
  seen @2 :UInt64;
  # The highest HLC stamp that the client has seen, from anyone (P23). Further
  # ahead of the node than the bound of 250 ms: `clockSkew`.
  deadlineMs @3 :UInt32;
  # From arrival; 0: the node's default, 10 s.
  traceparent @4 :Text;
  # W3C trace context; may be empty.
  operations @5 :List(Operation);
  # 1 to maxRequestOperations, and up to maxRequestBytes in all.
}

struct Response {
  answers @0 :List(Answer);
  # In the order of the operations, if `failure` is `ok`.
  failure @1 :Error;
  # Stands for all operations at once: nothing was proposed, unless its outcome
  # says otherwise.
  stamp @2 :UInt64;
  # At or above every version in the answers: the client's next `seen`.
  epoch @3 :UInt64;
  # Of the node's partition map. Above the request's: fetch the map.
  leader @4 :UInt32;
  # The node that leads this partition, as far as this one knows; 0: unknown.
}
