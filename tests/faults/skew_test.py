"""A node whose wall clock is wrong, its monotonic one as it was (FAULTS 8)."""

import glob
import signal
import subprocess
import unittest

from disk_cluster import DiskCluster
from faulty import (FaultyCluster, Load, PROGRAM, environment, in_timeouts, now_ns, say, skip,
                    wait_until)


LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
REFUSED = "clock is too far ahead: its entries are not taken"


class SkewedCluster(DiskCluster, FaultyCluster):
    def start_skewed(self, number, offset):
        with open(self.node(number)["log"], "ab") as log:
            self.processes[number] = subprocess.Popen(
                [PROGRAM, "node", "run", "--config", self.config_file(number), "-o", "json"],
                stdout=log, stderr=log,
                env=environment(LD_PRELOAD=LIBRARIES[0], FAKETIME=offset,
                                FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_NO_CACHE="1"))


class Skew(unittest.TestCase):
    def setUp(self):
        self.cluster = SkewedCluster()
        self.addCleanup(self.cluster.close)

    def run_with(self, offset, has_its_way=None):
        """`has_its_way`: waits for what must come of the offset; without it, that all
        replicas are there and caught up."""
        load = Load(self.cluster, "--split", 1)
        partition = self.cluster.partition_of(load.space)
        victim = self.cluster.leader_of(partition)
        self.cluster.take(victim)
        log_from = len(self.cluster.log(victim))
        begun = now_ns()
        self.cluster.start_skewed(victim, offset)
        if has_its_way:
            has_its_way(load, partition, victim, log_from)
        else:
            self.cluster.wait_until_whole()
        load.wait_until_writes_go_on()
        # Right again: what it stamped or saw meanwhile must not harm.
        self.cluster.stop(victim, signal.SIGKILL)
        self.cluster.start(victim)
        self.cluster.wait_until_whole()
        report = load.finish()
        recovery = load.recovery_ms(begun)
        say(f"\ninjected: node {victim}, which led, came back with its wall clock at {offset}, "
            f"and then with the right one\nchecked: {report['verdict']['operations']} operations "
            f"are linearizable\nrecovery: writes went on after {recovery:.0f} ms = "
            f"{in_timeouts(recovery)}")

    def test_a_clock_within_the_bound(self):
        self.run_with("+0.2s")

    def test_a_clock_beyond_the_bound(self):
        self.run_with("+0.6s")

    def test_a_clock_far_ahead(self):
        # Its stamps are held back to the median of the clocks, and it takes the others'.
        self.run_with("+30s")

    def test_a_clock_far_behind(self):
        self.run_with("-30s", self.stays_behind)

    def stays_behind(self, load, partition, victim, log_from):
        """To it all the others are far ahead, and a follower refuses such a leader's
        appends (P21): it says so, has no part in what is written, and doesn't lead."""
        def seen():
            line = self.cluster.log(victim)[log_from:]
            return REFUSED in line
        wait_until(seen, f"node {victim} says why it takes no entries")
        load.wait_until_writes_go_on()
        load.wait_until_writes_go_on()
        replica = self.replica(partition, victim)
        self.assertGreater(replica["lag"], 0)
        self.assertNotEqual(self.cluster.leader_of(partition), victim)

    def replica(self, partition, node):
        return next(replica for entry in self.cluster.status()["partitions"]
                    if entry["id"] == partition
                    for replica in entry["replicas"] if replica["node"] == node)


if __name__ == "__main__":
    if not LIBRARIES:
        skip("libfaketime is not installed")
    unittest.main()
