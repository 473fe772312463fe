"""kill -9 of the leader under load, again and again: nothing acknowledged is lost,
nothing is applied twice, and writes go on after one election.

    recovery_test.py PROGRAM [--kills N]
"""

import statistics
import sys
import unittest

from faulty import FaultyCluster, Load, in_timeouts, say, wait_until

KILLS = 20
if "--kills" in sys.argv:
    place = sys.argv.index("--kills")
    KILLS = int(sys.argv[place + 1])
    del sys.argv[place:place + 2]

WORST_T = 2.5
MEDIAN_T = 1.5


class Recovery(unittest.TestCase):
    def test_leader_is_killed_under_load(self):
        cluster = FaultyCluster()
        self.addCleanup(cluster.close)
        load = Load(cluster, "--split", 1, clients=16, keys=16)
        partition = cluster.partition_of(load.space)
        kills = []
        for _ in range(KILLS):
            leader = cluster.leader_of(partition)
            kills.append((leader, cluster.kill(leader)))
            wait_until(lambda gone=leader: cluster.leader_of(partition) not in (0, gone),
                       "another node leads")
            cluster.wait_until_whole()
        report = load.finish()
        times = [load.recovery_ms(*moments) for _, moments in kills]
        self.tell(kills, times, report)
        self.assertLessEqual(statistics.median(times) / 300, MEDIAN_T)
        self.assertLessEqual(max(times) / 300, WORST_T)

    @staticmethod
    def tell(kills, times, report):
        say(f"\ninjected: kill -9 of the leader, {len(kills)} times, under "
            f"{report['clients']} clients")
        for (node, _), time in zip(kills, times):
            say(f"  node {node}: first write acknowledged after {time:.0f} ms = "
                f"{in_timeouts(time)}")
        say(f"checked: {report['verdict']['operations']} operations, "
            f"{report['unknown']} of unknown outcome: {report['verdict']['is']}")
        say(f"recovery: median {in_timeouts(statistics.median(times))}, "
            f"worst {in_timeouts(max(times))} (T = 300 ms)")


if __name__ == "__main__":
    unittest.main()
