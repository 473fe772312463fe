"""`present workload`: what it says, what it writes, and what it refuses."""

import json
import os
import tempfile
import unittest

from faulty import FaultyCluster, present, say

# Each of two transactions reads what the other appends to.
SKEW = """\
{:process 0, :type :invoke, :f :txn, :value [[:r :x nil] [:append :y 1]], :index 0, :time 0}
{:process 1, :type :invoke, :f :txn, :value [[:r :y nil] [:append :x 1]], :index 1, :time 0}
{:process 0, :type :ok, :f :txn, :value [[:r :x []] [:append :y 1]], :index 2, :time 0}
{:process 1, :type :ok, :f :txn, :value [[:r :y []] [:append :x 1]], :index 3, :time 0}
"""
STALE = [
    {"client": 0, "op": "put", "key": "k", "value": "a", "ok": True, "call": 1, "return": 2},
    {"client": 0, "op": "put", "key": "k", "value": "b", "ok": True, "call": 3, "return": 4},
    {"client": 1, "op": "get", "key": "k", "out": "a", "found": True, "ok": True, "call": 5,
     "return": 6},
]


class Workload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = FaultyCluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_each_kind_is_judged_and_kept(self):
        for kind, operations in (("register", {"get", "put", "cas"}),
                                 ("counter", {"add", "total"}), ("set", {"insert", "members"})):
            file = self.path(kind)
            answer = self.cluster("workload", "--kind", kind, "--clients", 8, "--seconds", 2,
                                  "--history", file, "--format", "porcupine")
            self.assertEqual(answer.code, 0, answer)
            report = answer.json()
            self.assertEqual(report["verdict"]["is"], "linearizable")
            with open(file, encoding="utf-8") as lines:
                history = [json.loads(line) for line in lines]
            self.assertEqual(len(history), report["verdict"]["operations"])
            self.assertEqual({entry["op"] for entry in history}, operations)
            for entry in history:
                self.assertTrue(entry["return"] == 0 or entry["return"] >= entry["call"])
            self.assertEqual(present("workload", "--judge", file).code, 0)
            say(f"\n{kind}: {len(history)} operations")
        self.assertNotIn("workload-", self.cluster("space", "list").out)

    def test_faults_are_counted_and_survived(self):
        answer = self.cluster("workload", "--clients", 8, "--seconds", 16, "--faults",
                              "kill,pause,delay,reply-loss", "--seed", 3)
        self.assertEqual(answer.code, 0, answer)
        report = answer.json()
        say(f"\ninjected: {report['faults']}\nchecked: {report['verdict']['operations']} "
            f"operations are linearizable, {report['unknown']} of unknown outcome\n"
            f"longest silence: {report['longest_stall_ms']:.0f} ms")
        for name, count in report["faults"].items():
            self.assertGreater(count["effective"], 0, name)

    def test_transactions_are_whole_whatever_dies(self):
        file = self.path("append")
        for kind, right, more in (("append", "strictly-serializable", ("--history", file)),
                                  ("bank", "sum-kept", ())):
            answer = self.cluster("workload", "--kind", kind, "--clients", 8, "--seconds", 8,
                                  "--faults", "kill,pause", "--seed", 5, *more)
            self.assertEqual(answer.code, 0, answer)
            report = answer.json()
            self.assertEqual(report["verdict"]["is"], right)
            self.assertFalse(report["locks_left"])
            self.assertGreater(report["ok"], 20)
            say(f"\n{kind}: {report['ok']} committed, {report['unknown']} of unknown outcome, "
                f"{report['failed']}, {report['faults']}")
        self.assertEqual(present("workload", "--judge", file, "--format", "elle").code, 0)

    def test_a_bad_history_is_called_bad(self):
        file = self.path("stale")
        with open(file, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(entry) + "\n" for entry in STALE)
        answer = present("workload", "--judge", file, "-o", "json")
        self.assertEqual(answer.code, 1, answer)
        self.assertEqual(answer.json()["verdict"]["is"], "violated")

    def test_a_history_of_transactions_is_judged(self):
        file = self.path("skew.edn")
        with open(file, "w", encoding="utf-8") as lines:
            lines.write(SKEW)
        answer = present("workload", "--judge", file, "--format", "elle", "-o", "json")
        self.assertEqual(answer.code, 1, answer)
        verdict = answer.json()["verdict"]
        self.assertEqual(verdict["counts"], {"G2-item": 1})
        self.assertEqual(len(verdict["anomalies"][0]["because"]), 2)
        with open(file, "a", encoding="utf-8") as lines:
            lines.write("{:index 7}\n")
        answer = present("workload", "--judge", file, "--format", "elle", "-o", "json")
        self.assertEqual(answer.code, 2, answer)
        self.assertIn("skew.edn:5: ':index' is 7", answer.problem()["message"])

    def test_what_it_refuses(self):
        broken = self.path("broken")
        with open(broken, "w", encoding="utf-8") as lines:
            lines.write(json.dumps(STALE[0]) + "\n{\"client\":0,\"op\":\"fly\"}\n")
        for arguments, word in ((("--kind", "apend"), "register, counter, set, append or bank"),
                                (("--format", "elle"), "transactions"),
                                (("--faults", "kil"), "kill"),
                                (("--judge", broken), ":2"),
                                (("--judge", self.path("nothing")), "nothing")):
            answer = self.cluster("workload", *arguments)
            self.assertIn(answer.code, (2, 3), answer)
            self.assertIn(word, answer.problem()["message"])


if __name__ == "__main__":
    unittest.main()
