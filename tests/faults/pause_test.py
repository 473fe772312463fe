"""A leader that stands still and wakes up: nothing stale is read from it, nothing late
is written by it (FAULTS 4)."""

import unittest

from faulty import (ELECTION_TIMEOUT_MS, FaultyCluster, Load, in_timeouts, now_ns, say,
                    wait_until)

LEFT_IN_T = 4  # 1.1 on an idle machine


class Pause(unittest.TestCase):
    def setUp(self):
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)
        self.load = Load(self.cluster, "--split", 1, clients=12, keys=4)
        self.partition = self.cluster.partition_of(self.load.space)

    def pause(self, node, seconds):
        at = self.cluster.pause(node)
        wait_until(lambda: now_ns() >= at + int(seconds * 1e9), "the pause is over")
        self.cluster.resume(node)
        return at

    def test_a_leader_stands_still_for_a_while(self):
        pauses = []
        for seconds in (0.1, 0.2, 0.4, 0.8, 2, 2, 5):
            leader = self.cluster.leader_of(self.partition)
            pauses.append((leader, seconds, self.pause(leader, seconds)))
            self.cluster.wait_until_whole()
        report = self.load.finish()
        say(f"\ninjected: {len(pauses)} pauses of the leader")
        for node, seconds, at in pauses:
            recovery = self.load.recovery_ms(at)
            say(f"  node {node} for {seconds} s: writes went on after {recovery:.0f} ms = "
                f"{in_timeouts(recovery)}")
        say(f"checked: {report['verdict']['operations']} operations are linearizable")
        # Others took over from the leaders that stood still for long, and clients left
        # them: not when the connection lapsed (1.75 s), but when they fell silent.
        taken_over = [self.load.recovery_ms(at) for _, seconds, at in pauses if seconds > 1.75]
        self.assertLess(min(taken_over), LEFT_IN_T * ELECTION_TIMEOUT_MS)

    def test_all_stand_still_and_wake_up_one_by_one(self):
        at = max(self.cluster.pause(node) for node in (1, 2, 3))
        wait_until(lambda: now_ns() >= at + 3_000_000_000, "3 s are over")
        for node in (1, 2, 3):
            self.cluster.resume(node)
        self.cluster.wait_until_whole()
        report = self.load.finish()
        recovery = self.load.recovery_ms(at)
        say(f"\ninjected: all nodes stood still for 3 s\nchecked: "
            f"{report['verdict']['operations']} operations are linearizable\n"
            f"recovery: {recovery - 3000:.0f} ms after they woke up")


if __name__ == "__main__":
    unittest.main()
