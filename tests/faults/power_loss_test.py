"""Disks that forget what was not synced, and syncs that fail (FAULTS 2 and 9), under real
nodes. kill -9 shows neither: the page cache outlives the process."""

import json
import os
import threading
import unittest

from disk_cluster import SPACE, DiskCluster, say, wait_until

NODES = (1, 2, 3)
ROWS = 40  # a batch


class Writers:
    """Clients that write new keys, a batch at a time, and remember what was
    acknowledged."""

    def __init__(self, cluster, count=3):
        self.cluster = cluster
        self.lock = threading.Lock()
        self.acknowledged = {}
        self.batches = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(name,))
                        for name in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self, name):
        number = 0
        while not self.over.is_set():
            number += 1
            rows = {f"{name}-{number}-{place}": f"{name} {number} {place} " + "v" * 200
                    for place in range(ROWS)}
            file = os.path.join(self.cluster.data, f"batch-{name}.jsonl")
            with open(file, "w", encoding="utf-8") as out:
                out.writelines(json.dumps({"key": key, "value": value}) + "\n"
                               for key, value in rows.items())
            if self.cluster("kv", "import", SPACE, file, "--timeout", "5s").code == 0:
                with self.lock:
                    self.acknowledged.update(rows)
                    self.batches += 1

    def go_on(self, batches):
        """Until so many more were acknowledged."""
        goal = self.batches + batches
        wait_until(lambda: self.batches >= goal, f"{batches} more batches", 120)

    def finish(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.acknowledged


class PowerLoss(unittest.TestCase):
    def setUp(self):
        self.cluster = DiskCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.take(*NODES)
        for number in NODES:
            self.cluster.configure(number, "checkpoint_bytes = 65536")
            self.cluster.start(number, over_shim=True)
        self.cluster.wait_until_whole()
        self.cluster.make_space({"first": "row"})
        self.writers = Writers(self.cluster)
        self.addCleanup(self.writers.finish)

    def check(self, injected):
        self.cluster.wait_until_whole()
        acknowledged = self.writers.finish()
        read = self.cluster.rows()
        wrong = [key for key, value in acknowledged.items() if read.get(key) != value]
        self.assertEqual(wrong, [])
        say(f"\ninjected: {injected}\nchecked: {len(acknowledged)} acknowledged rows are there")

    def test_all_nodes_lose_power_at_once_in_the_middle_of_writes(self):
        lost = []
        for seed in range(1, 4):
            self.writers.go_on(4)
            # One before a sync of its own, the others while the order takes effect.
            first, *others = NODES[seed - 1:] + NODES[:seed - 1]
            lost.append(self.cluster.disks[first].arm_power_loss("journal", 9 + seed, seed)())
            lost += [self.cluster.disks[number].lose_power(seed) for number in others]
            for number in NODES:
                self.cluster.ended(number)
            for number in NODES:
                self.cluster.start(number, over_shim=True)
            self.cluster.wait_until_whole()
        self.writers.go_on(4)
        # Else this is no harder than kill -9. A commit is a sync of its pages, then one of
        # the meta page: of three in a row at least one finds pages that aren't synced.
        self.assertGreater(sum(unsynced for _, unsynced in lost), 0, lost)
        self.check(f"power lost three times on all nodes: (blocks lost, unsynced) {lost}")

    def test_power_is_lost_while_a_checkpoint_is_written(self):
        victim = self.cluster.leads(3) and 3 or 1
        lost = []
        for seed in range(1, 4):
            lost.append(self.cluster.disks[victim].arm_power_loss("state/", seed, seed)())
            self.cluster.ended(victim)
            self.cluster.start(victim, over_shim=True)
            self.cluster.wait_until_whole()
        self.check(f"power lost on node {victim}, before syncs of its states: {lost}")

    def fail_syncs(self, name, skip, line):
        """One sync of such a file fails on node 2, which goes on in the same process; then
        its power goes too."""
        disk = self.cluster.disks[2]
        process = self.cluster.processes[2]
        disk.fail(name, skip=skip)
        wait_until(lambda: line in self.cluster.log(2), "the node says so", 120)
        self.cluster.wait_until_whole()
        self.assertIs(self.cluster.processes[2], process)
        self.writers.go_on(3)
        lost = self.cluster.disks[2].lose_power(skip + 1)
        self.cluster.ended(2)
        self.cluster.start(2, over_shim=True)
        self.check(f"a sync of {name} fails on node 2, then its power: {lost}")

    def test_a_sync_of_the_journal_fails_and_then_succeeds(self):
        self.fail_syncs("journal/", 0, "the journal refused a write")

    def test_the_journals_last_page_fails_and_then_succeeds(self):
        self.fail_syncs("journal/", 1, "the journal refused a write")

    def test_a_sync_of_a_state_fails_and_then_succeeds(self):
        self.fail_syncs("state/", 0, "the checkpoint failed")


if __name__ == "__main__":
    unittest.main()
