"""Networks that part: a minority acknowledges nothing and says why, the rest goes on,
and nobody reads what is no longer true (FAULTS 5)."""

import unittest

from faulty import (Cut, FaultyCluster, Load, both_ways, enter_own_network, in_timeouts,
                    now_ns, say, wait_until)


class Partition(unittest.TestCase):
    def setUp(self):
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)
        self.load = Load(self.cluster, "--split", 1, clients=12, keys=4)
        self.partition = self.cluster.partition_of(self.load.space)
        self.leader = self.cluster.leader_of(self.partition)
        self.followers = self.cluster.others(self.leader)

    def report(self, injected, at, dropped):
        self.cluster.wait_until_whole()
        report = self.load.finish()
        recovery = self.load.recovery_ms(*at)
        say(f"\ninjected: {injected}; {dropped} packets were dropped\n"
            f"checked: {report['verdict']['operations']} operations are linearizable, "
            f"{report['unknown']} of unknown outcome\n"
            f"recovery: writes went on after {recovery:.0f} ms = {in_timeouts(recovery)}")
        self.assertGreater(dropped, 0)
        return recovery

    def cut(self, pairs):
        begun = now_ns()
        cut = Cut(pairs)
        self.at = begun, now_ns()
        return cut

    def new_leader(self):
        wait_until(lambda: self.cluster.leader_of(self.partition) not in (0, self.leader),
                   "another node leads")

    def fenced(self, node):
        """What the others see of it isn't asked: the node itself must know."""
        answer = self.cluster.ask(node, "status")
        status = answer.json() if answer.out else {"nodes": []}
        return any(entry["id"] == node and entry["fenced"] for entry in status["nodes"])

    def test_the_leader_is_isolated(self):
        cut = self.cut(both_ways(self.leader, self.followers))
        self.new_leader()
        wait_until(lambda: self.fenced(self.leader), "the isolated leader fences itself")
        recovery = self.report(f"node {self.leader}, the leader, is cut off from both others",
                               self.at, cut.heal())
        self.assertLess(recovery, 3000)

    def test_a_follower_is_isolated_and_comes_back_in_peace(self):
        victim = self.followers[0]
        cut = self.cut(both_ways(victim, self.cluster.others(victim)))
        wait_until(lambda: self.fenced(victim), "it fences itself")
        # Pre-vote: who hears nobody asks again and again, but raises no term, and so
        # disturbs nobody when it is back.
        answer = self.cluster.ask(victim, "status").json()
        self.assertEqual(self.term_in(answer), self.term_in(self.status_of_the_rest()))
        self.report(f"node {victim}, a follower, is cut off", self.at, cut.heal())

    def status_of_the_rest(self):
        return self.cluster.ask(self.leader, "status").json()

    def term_in(self, status):
        return next(entry["term"] for entry in status["partitions"]
                    if entry["id"] == self.partition)

    def test_the_leader_is_not_heard(self):
        cut = self.cut([(self.leader, other) for other in self.followers])
        self.new_leader()
        self.report(f"nobody hears node {self.leader}, the leader", self.at, cut.heal())

    def test_the_leader_is_deaf(self):
        cut = self.cut([(other, self.leader) for other in self.followers])
        self.new_leader()
        self.report(f"node {self.leader}, the leader, hears nobody", self.at, cut.heal())

    def test_the_leader_and_one_follower_lose_each_other(self):
        cut = self.cut(both_ways(self.leader, self.followers[:1]))
        wait_until(lambda: cut.dropped() > 50, "the cut has met something")
        self.report(f"nodes {self.leader} and {self.followers[0]} don't see each other, node "
                    f"{self.followers[1]} sees both", self.at, cut.heal())

    def test_nobody_hears_anybody(self):
        pairs = both_ways(1, [2, 3]) + both_ways(2, [3])
        cut = self.cut(pairs)
        for node in (1, 2, 3):
            wait_until(lambda node=node: self.fenced(node), f"node {node} fences itself")
        refused = self.cluster("kv", "put", self.load.space, "alone", "x", "--timeout", "2s")
        self.assertIn(refused.code, (6, 7, 8), refused)
        self.report("no node sees another", self.at, cut.heal())


if __name__ == "__main__":
    enter_own_network()
    unittest.main()
