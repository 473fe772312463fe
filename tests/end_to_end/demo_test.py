"""The main job: 13,467 real records, the leader killed in the middle."""

import os
import signal
import subprocess
import tempfile
import unittest

from program import PROGRAM, environment, present, wait_until

RECORDS = 249 + 5127 + 7910 + 181


class Demo(unittest.TestCase):
    def test_nothing_is_lost_and_nothing_applied_twice(self):
        done = present("demo", "--once", "--ports", "random", "-o", "json")
        self.assertEqual(done.code, 0, done)
        report = done.json()
        before = report["acknowledged_before_kill"]
        after = report["acknowledged_after_kill"]
        print(f"acknowledged {before} before and {after} after the kill; writes stood "
              f"still for {report['standstill_ms']} ms; import {report['import_ms']} ms; "
              f"caught up after {report['catch_up_ms']} ms; "
              f"{report['repeated_answers']} retries answered")
        self.assertEqual(before + after, RECORDS)
        # In the middle: at half, or as much later as a kill takes.
        self.assertGreaterEqual(before, RECORDS // 2)
        self.assertGreater(after, RECORDS // 10)
        found = report["verification"]
        self.assertEqual(found["read"], RECORDS)
        for name in ("lost", "different", "applied_twice", "unexpected"):
            self.assertEqual(found[name], 0, name)
        self.assertEqual(found["input_checksum"], found["read_checksum"])
        self.assertEqual(found["first_difference"], "")

    def test_people_see_the_report_and_the_tree(self):
        with tempfile.TemporaryDirectory() as data:
            for run in ("the first", "again, over the records of the first"):
                done = present("demo", "--once", "--ports", "random", "--data", data)
                self.assertEqual(done.code, 0, f"{run}: {done}")
                self.assertIn("nothing was lost, nothing was applied twice", done.out)
                self.assertIn("SHA-256 of the input", done.out)
                self.assertIn("journal", done.out)
                self.assertNotIn("\r", done.out + done.err)

    def test_ctrl_c_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            demo = subprocess.Popen(
                [PROGRAM, "demo", "--ports", "random"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, env=environment(TMPDIR=folder))
            for line in demo.stderr:
                if "runs on until Ctrl-C" in line:
                    break
            else:
                self.fail("it never came to its end")
            nodes = subprocess.run(["pgrep", "-P", str(demo.pid)], check=False,
                                   capture_output=True, text=True).stdout.split()
            self.assertEqual(len(nodes), 3)
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=60)
            self.assertEqual(demo.returncode, 0)
            self.assertEqual(os.listdir(folder), [])
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in nodes),
                       "no node is left")


if __name__ == "__main__":
    unittest.main()
