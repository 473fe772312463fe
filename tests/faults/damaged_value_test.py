"""Values whose bytes go bad on the disk of a node that is down (FAULTS 11). Whatever is
asked of whichever node when it is back, the answer is the value, or an error that says
why not; then the node is repaired by its peers, and by nobody else."""

import os
import sys
import time
import unittest

from disk_cluster import SPACE, DiskCluster, say, some_rows, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))

from http_api import Api, quoted  # noqa: E402

VICTIM = 3
PAGE_BYTES = 4096
PAGE_HEADER = 16
LEAF_PAGE = 2
NODE_HEADER = 8
LATER = "key-later-"
VALUE_RECORD = 6  # storage/keys.hpp: kind, space:4, key
# A read may have to wait; it may never be answered with anything else.
HONEST = {"damaged", "deadline", "no_quorum", "not_leader", "overloaded", "wrong_partition"}


def values_of(content, key):
    """Where the sealed value of a key is, in each copy that the file has of its row
    (storage/lmdb_format.hpp). The key stands in branch pages as well, and what comes
    behind it there is the tree's own."""
    places = set()
    at = content.find(key)
    while at >= 0:
        row = at - 5
        page = row - row % PAGE_BYTES
        is_leaf = content[page + 10] & LEAF_PAGE
        if row >= NODE_HEADER and content[row] == VALUE_RECORD and is_leaf:
            flags = int.from_bytes(content[row - 4:row - 2], "little")
            size = int.from_bytes(content[row - 2:row], "little")
            data = at + len(key)
            if size == 5 + len(key):
                if flags & 1:  # its data is elsewhere
                    page = int.from_bytes(content[data:data + 8], "little")
                    data = page * PAGE_BYTES + PAGE_HEADER
                places.add(data)
        at = content.find(key, at + 1)
    return places


class DamagedValue(unittest.TestCase):
    def setUp(self):
        self.cluster = DiskCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.checkpoint_often(VICTIM)
        self.rows = some_rows()
        self.cluster.make_space(self.rows)
        # So many that checkpoints come after all of the above: what is read of those is
        # read from the disk. Their keys sort beside them, so it is the same partition.
        more = {f"{LATER}{number:04}": "y" * 300 for number in range(1600)}
        self.cluster.put(more)
        self.keys = list(self.rows)
        self.rows.update(more)
        wait_until(self.full_states, "a checkpoint that has all")
        self.api = Api(self.cluster)
        self.refusals = {}
        self.answers = 0
        self.behind = 0

    def full_states(self):
        """File: content, of those that have rows behind the ones that are to go bad. A
        checkpoint holds all that was applied before it."""
        found = {}
        for file in self.cluster.states(VICTIM):
            with open(file, "rb") as source:
                content = source.read()
            if LATER.encode() in content:
                found[file] = content
        return found

    def flip_values(self):
        """Of all keys whose rows are in a file already. Which they are."""
        damaged = []
        for file, content in self.full_states().items():
            with open(file, "r+b") as target:
                for key in self.keys:
                    places = values_of(content, key.encode())
                    for place in places:
                        target.seek(place + 30)
                        target.write(bytes([content[place + 30] ^ 4]))
                    if places:
                        damaged.append(key)
        self.assertGreater(len(damaged), 50)
        return damaged

    def read(self, key, node, consistency):
        reply = self.api("GET", f"/v1/kv/{SPACE}/{quoted(key)}?consistency={consistency}",
                         node=node)
        if reply.status == 200:
            self.assertEqual(reply.body.decode(), self.rows[key])
            self.answers += 1
            return
        code = reply.json()["code"]
        if consistency == "stale" and code == "not_found":
            self.behind += 1  # its node begins anew, and has not applied that far
            return
        self.assertIn(code, HONEST, f"{key} at node {node}: {reply}")
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def read_some(self, keys):
        for place, key in enumerate(keys):
            node = 1 + place % 3
            self.read(key, node, "stale" if place % 2 else "linearizable")

    def is_listening(self):
        try:
            return self.api("GET", "/healthz", node=VICTIM).status > 0
        except OSError:
            return False

    def has_found_it(self):
        return "set aside" in self.cluster.log(VICTIM)[self.log_from:]

    def check(self, injected, keys):
        began = time.monotonic()
        for _ in range(3):
            self.read_some(keys[:60])
        wait_until(self.has_found_it, "the node says what it has found")
        self.cluster.wait_until_whole()
        recovery = time.monotonic() - began
        self.assertEqual(self.cluster.rows(), self.rows)
        self.assertGreater(self.answers, 0)
        # The one that was mistreated is one of two that are left.
        self.cluster.take(1)
        wait_until(lambda: self.cluster.is_available() and self.cluster.leads(VICTIM),
                   "the node leads")
        self.assertEqual(self.cluster.rows(), self.rows)
        say(f"\ninjected: {injected}, {len(keys)} of them\nchecked: {self.answers} reads through "
            f"all nodes are right, refused: {self.refusals or 'none'}, "
            f"{self.behind} stale ones older than their key; all rows at the end, also "
            f"through the node\nrecovery: {recovery:.1f} s")

    def test_values_go_bad_while_their_node_is_down(self):
        self.cluster.stop(VICTIM)
        keys = self.flip_values()
        self.log_from = len(self.cluster.log(VICTIM))
        self.cluster.start(VICTIM)
        wait_until(self.is_listening, "the node listens")
        self.check("bits of values flipped while their node is down", keys)


if __name__ == "__main__":
    unittest.main()
