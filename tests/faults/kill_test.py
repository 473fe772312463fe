"""Processes that end without warning (FAULTS 1)."""

import unittest

from faulty import FaultyCluster, Load, in_timeouts, now_ns, say, wait_until


class Kill(unittest.TestCase):
    def setUp(self):
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)
        self.load = Load(self.cluster, "--split", 1)
        self.partition = self.cluster.partition_of(self.load.space)

    def finish(self, injected, at):
        self.cluster.wait_until_whole()
        report = self.load.finish()
        recovery = self.load.recovery_ms(*at)
        say(f"\ninjected: {injected}\nchecked: {report['verdict']['operations']} operations "
            f"are linearizable\nrecovery: {recovery:.0f} ms = {in_timeouts(recovery)}")

    def test_a_follower_is_killed_and_nobody_waits(self):
        leader = self.cluster.leader_of(self.partition)
        victim = self.cluster.others(leader)[0]
        old = self.cluster.pid(victim)
        at = self.cluster.kill(victim)
        wait_until(lambda: self.cluster.pid(victim) not in (0, old), "it is started again")
        self.finish(f"kill -9 of follower {victim}", at)
        self.assertLess(self.load.recovery_ms(*at), 1000)

    def test_all_nodes_are_killed_at_once(self):
        pids = [self.cluster.pid(number) for number in (1, 2, 3)]
        moments = [self.cluster.kill(number) for number in (1, 2, 3)]
        at = moments[0][0], moments[-1][1]
        wait_until(lambda: all(self.cluster.pid(number) not in (0, old)
                               for number, old in zip((1, 2, 3), pids)), "all started again")
        self.finish("kill -9 of all three nodes", at)

    def test_two_of_three_stay_away_and_the_third_acknowledges_nothing(self):
        for number in (1, 2):
            self.assertEqual(self.cluster("node", "kill", number).code, 0)
        alone = self.cluster("kv", "put", self.load.space, "alone", "x", "--timeout", "2s")
        self.assertIn(alone.code, (6, 7, 8), alone)
        wait_until(lambda: self.says_unavailable(3), "node 3 says that it isn't available")
        at = now_ns()
        for number in (1, 2):
            self.assertEqual(self.cluster("node", "start", number).code, 0)
        self.finish("two of three nodes are down, and started again", (at,))

    def says_unavailable(self, number):
        answer = self.cluster.ask(number, "status")
        return answer.out and not answer.json()["available"]


if __name__ == "__main__":
    unittest.main()
