"""Coordinators and participants that die at each step of a transaction's commit
(FAULTS 16): it is whole all the same, and no lock stays."""

import json
import signal
import subprocess
import time
import unittest

from faulty import PROGRAM, FaultyCluster, environment, present, say

STEPS = ("prepare", "decide", "resolve", "push", "forget")
MOMENTS = ("asked", "arrived", "answered", "heard")
PATIENCE_S = 90
UNREST_EVERY_S = 2


class Failpoint(unittest.TestCase):
    def setUp(self):
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)

    def let_die(self, number, point):
        """Runs that node until it dies there by itself. When nothing gets there, it leads
        nothing, or nobody has left a lock that has to be pushed: then others are killed,
        and it takes over from them. How many."""
        self.assertEqual(self.cluster("node", "kill", number).code, 0)
        kills = 0
        begun = time.monotonic()
        with subprocess.Popen(
                [PROGRAM, "node", "run", "--config", self.cluster.config_of(number)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment(PRESENT_FAILPOINT=point)) as node:
            try:
                while True:
                    try:
                        self.assertEqual(node.wait(UNREST_EVERY_S), -signal.SIGKILL, point)
                        break
                    except subprocess.TimeoutExpired:
                        self.assertLess(time.monotonic() - begun, PATIENCE_S,
                                        f"nobody gets to {point}")
                        kills += 1
                        others = self.cluster.others(number)
                        self.cluster.kill(others[kills % len(others)])
            finally:
                node.kill()
        self.assertEqual(self.cluster("node", "start", number).code, 0)
        self.cluster.wait_until_whole()
        return kills

    def test_whoever_dies_at_a_step_the_commit_is_whole(self):
        with subprocess.Popen(
                [PROGRAM, "workload", "--data", self.cluster.data, "--kind", "append",
                 "--clients", "8", "--keys", "40", "--seconds", "600", "-o", "json"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=environment()) as load:
            self.addCleanup(load.kill)
            points = [f"{step}.{moment}" for step in STEPS for moment in MOMENTS]
            for place, point in enumerate(points):
                number = 1 + place % 3
                kills = self.let_die(number, point)
                say(f"injected: node {number} died at {point}; others killed to get it there: "
                    f"{kills}")
            load.send_signal(signal.SIGINT)
            out, err = load.communicate(timeout=300)
        self.assertEqual(load.returncode, 0, f"{out}\n{err}")
        report = json.loads(out)
        self.assertEqual(report["verdict"]["is"], "strictly-serializable")
        self.assertFalse(report["locks_left"])
        self.assertGreater(report["ok"], 100)
        say(f"checked: {report['ok']} transactions, {report['unknown']} of unknown outcome: "
            "strictly serializable, and no lock is left")

    def test_a_point_that_there_is_not_is_refused(self):
        for wanted, word in (("prepare.done", "prepare.asked"), ("decide.heard:0", "from 1 on")):
            answer = present("node", "run", "--config", self.cluster.config_of(1), "-o", "json",
                             PRESENT_FAILPOINT=wanted)
            self.assertEqual(answer.code, 2, answer)
            self.assertIn(word, answer.problem()["message"])


if __name__ == "__main__":
    unittest.main()
