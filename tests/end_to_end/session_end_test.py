"""What becomes of locks when their program's session ends: by its word, with the program, or
because that was killed; and of who waits for them."""

import os
import secrets
import signal
import subprocess
import sys
import time
import unittest

from program import Cluster, PROGRAM, environment, wait_until

LOCK_PROGRAM = os.path.abspath(sys.argv.pop(1))
LONG_MS = 600_000  # a lease that is over only when a test has failed
SHORT_MS = 3_000
AT_ONCE_S = 20     # far above what it takes, far below the long lease


class SessionEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(nodes=3)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()

    def setUp(self):
        self.begun = []
        self.addCleanup(self.end_all)
        self.space = "s" + secrets.token_hex(4)
        made = self.cluster("space", "create", self.space)
        self.assertEqual(made.code, 0, made)

    def end_all(self):
        for process in self.begun:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def begin(self, *command):
        process = subprocess.Popen(
            list(map(str, command)), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        self.begun.append(process)
        return process

    def standing(self, lock):
        answer = self.cluster("elect", f"{self.space}/{lock}", "--observe", "--once")
        self.assertEqual(answer.code, 0, answer)
        return answer.json()

    def contend(self, lock, lease_ms=LONG_MS):
        """`present lock` that says when it has it, and holds it until it is ended."""
        return self.begin(PROGRAM, "lock", f"{self.space}/{lock}", "--lease", f"{lease_ms}ms",
                          "--data", self.cluster.data, "--", "/bin/sh", "-c",
                          "echo held; exec sleep 600")

    def hold(self, lease_ms=LONG_MS):
        """The program has `held`, waits for `wanted`, which another holds; somebody waits for
        `held`."""
        holder = self.contend("wanted")
        self.assertEqual(holder.stdout.readline(), "held\n")
        file = self.cluster.file()
        program = self.begin(LOCK_PROGRAM, file["nodes"][1]["rpc"], file["ca"],
                             file["client_cert"], file["client_key"], self.space, lease_ms)
        said = program.stdout.readline()
        if not said.startswith("held "):
            self.fail(f"{said}{program.communicate(timeout=60)}")
        wait_until(lambda: self.standing("wanted")["waiting"] == 1, "the program waits")
        waiting = self.contend("held")
        wait_until(lambda: self.standing("held")["waiting"] == 1, "somebody waits")
        return program, waiting

    def tell(self, program, word):
        program.stdin.write(word + "\n")
        program.stdin.flush()

    def check_given_up(self, waiting, since, within_s):
        self.assertEqual(waiting.stdout.readline(), "held\n")
        took = time.monotonic() - since
        self.assertLess(took, within_s)
        wait_until(lambda: self.standing("wanted")["waiting"] == 0, "nobody waits any more",
                   within_s)
        return took

    def test_a_session_that_ends_gives_up_at_once_what_it_holds_and_waits_for(self):
        program, waiting = self.hold()
        since = time.monotonic()
        self.tell(program, "end")
        self.assertEqual(program.stdout.readline(), "ended\n")
        self.check_given_up(waiting, since, AT_ONCE_S)
        self.assertIsNone(program.poll(), "the program lives on")

    def test_a_program_that_ends_lets_its_session_end(self):
        program, waiting = self.hold()
        since = time.monotonic()
        self.tell(program, "leave")
        self.check_given_up(waiting, since, AT_ONCE_S)
        self.assertEqual(program.wait(timeout=60), 0)

    def test_the_locks_of_a_program_that_was_killed_go_by_their_leases(self):
        program, waiting = self.hold(SHORT_MS)
        program.send_signal(signal.SIGKILL)
        since = time.monotonic()
        program.wait(timeout=60)
        self.assertTrue(self.standing("held")["leads"])
        took = self.check_given_up(waiting, since, AT_ONCE_S)
        # It was kept alive within the last third of its lease.
        self.assertGreater(took, SHORT_MS / 1000 / 3)

    def test_a_command_under_a_lock_gives_it_up_and_its_place_when_it_is_ended(self):
        holder = self.contend("held")
        self.assertEqual(holder.stdout.readline(), "held\n")
        first, second = self.contend("held"), None
        wait_until(lambda: self.standing("held")["waiting"] == 1, "the first one waits")
        second = self.contend("held")
        wait_until(lambda: self.standing("held")["waiting"] == 2, "both wait")
        first.send_signal(signal.SIGINT)
        wait_until(lambda: self.standing("held")["waiting"] == 1, "its place is given up",
                   AT_ONCE_S)
        since = time.monotonic()
        holder.send_signal(signal.SIGTERM)
        self.assertEqual(second.stdout.readline(), "held\n")
        self.assertLess(time.monotonic() - since, AT_ONCE_S)


if __name__ == "__main__":
    unittest.main()
