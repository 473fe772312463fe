"""A node whose wall clock is wrong, its monotonic one as it was (FAULTS 8)."""

import glob
import signal
import subprocess
import unittest

from disk_cluster import DiskCluster
from faulty import FaultyCluster, Load, PROGRAM, environment, in_timeouts, now_ns, say, skip


LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


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

    def run_with(self, offset):
        load = Load(self.cluster, "--split", 1)
        partition = self.cluster.partition_of(load.space)
        victim = self.cluster.leader_of(partition)
        self.cluster.take(victim)
        begun = now_ns()
        self.cluster.start_skewed(victim, offset)
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


if __name__ == "__main__":
    if not LIBRARIES:
        skip("libfaketime is not installed")
    unittest.main()
