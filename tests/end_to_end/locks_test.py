"""Locks and elections as programs use them: commands that run while a lock is held,
holders that stand still or die, leaders that die while a lock is held."""

import json
import os
import signal
import subprocess
import unittest

from http_api import Api
from program import Cluster, PROGRAM, environment, present, wait_until

# Says what it was given, and waits until it may go on.
SAY_AND_WAIT = 'echo "$PRESENT_LOCK" > "$0.held"; read line < "$0.go"; '
PAIR = '"$1" txn -f "$0.txn" --fence "$PRESENT_LOCK" --data "$3" -o json'
WRITE = '"$1" kv put accounts alice "$2" --fence "$PRESENT_LOCK" --data "$3" -o json'


class Locks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(nodes=3)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()
        made = cls.cluster("space", "create", "accounts")
        assert made.code == 0, made

    def setUp(self):
        self.begun = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.begun:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate()

    def run_locked(self, name, *arguments):
        """`present lock`, whose last arguments are the command's."""
        return present("lock", name, *arguments, PRESENT_DATA=self.cluster.data,
                       PRESENT_OUTPUT="json")

    def begin(self, *arguments, **variables):
        """A command that goes on while the test does."""
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**variables))
        self.begun.append(process)
        return process

    def lock(self, name, tag, script, *more, lease="1s"):
        """`present lock` with a script that knows a place of its own as $0."""
        place = os.path.join(self.cluster.data, tag)
        os.mkfifo(place + ".go")
        process = self.begin("lock", name, "--lease", lease, "--data", self.cluster.data, *more,
                             "--", "/bin/sh", "-c", script, place, PROGRAM, tag,
                             self.cluster.data)
        return process, place

    def held(self, place):
        """LOCK:TOKEN, once the command has it."""
        return wait_until(lambda: self.said(place + ".held"), "the lock is held")

    @staticmethod
    def said(path):
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read().strip() or None

    def let_go_on(self, place):
        with open(place + ".go", "w", encoding="utf-8") as file:
            file.write("go\n")

    def ended(self, process):
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def standing(self, name):
        answer = self.cluster("elect", name, "--observe", "--once")
        self.assertEqual(answer.code, 0, answer)
        return answer.json()

    def alice(self):
        return self.cluster("kv", "get", "accounts", "alice").json()["value"]

    # -- a command under a lock ------------------------------------------------------------

    def test_the_commands_status_is_the_programs_and_its_environment_has_the_lock(self):
        ran = self.run_locked("status", "--", "/bin/sh", "-c",
                           'echo "$PRESENT_LOCK_NAME $PRESENT_LOCK_TOKEN $PRESENT_LOCK"; exit 42')
        self.assertEqual(ran.code, 42, ran)
        name, token, fence = ran.out.split()
        self.assertEqual((name, fence), ("status", f"status:{token}"))
        killed = self.run_locked("status", "--", "/bin/sh", "-c", "kill -9 $$")
        self.assertEqual(killed.code, 128 + 9, killed)
        self.assertFalse(self.standing("status")["leads"])

    def test_what_is_wrong_is_said_before_anything_is_locked(self):
        for more, code, says in (
                (("lock", "a/", "--", "true"), 2, "NAME, or SPACE/NAME"),
                (("lock", "a", "--lease", "1ms", "--", "true"), 2, "200ms to an hour"),
                (("lock", "a", "--lease", "soon", "--", "true"), 2, "a duration"),
                (("lock", "a", "--guard", "accounts", "--", "true"), 2, "SPACE/KEY"),
                (("lock", "a", "--", "no-such-command"), 2, "is not in PATH"),
                (("lock", "a", "--", "/etc/passwd"), 2, "can't be run"),
                (("lock", "nowhere/a", "--", "true"), 3, "no space 'nowhere'"),
                (("kv", "put", "accounts", "k", "v", "--fence", "a"), 2, "LOCK:TOKEN")):
            answer = present(*more, PRESENT_DATA=self.cluster.data, PRESENT_OUTPUT="json")
            self.assertEqual(answer.code, code, answer)
            self.assertIn(says, answer.problem()["message"])

    def test_of_two_contenders_one_waits_for_the_other_and_has_a_higher_token(self):
        first, one = self.lock("pair", "first", SAY_AND_WAIT)
        token = int(self.held(one).rsplit(":", 1)[1])
        second, two = self.lock("pair", "second", SAY_AND_WAIT)
        wait_until(lambda: self.standing("pair")["waiting"] == 1, "the second one waits")
        refused = self.run_locked("pair", "--wait", "0ms", "--", "true")
        self.assertEqual(refused.code, 4, refused)
        self.assertEqual(refused.problem()["code"], "version_conflict")
        late = self.run_locked("pair", "--wait", "100ms", "--", "true")
        self.assertEqual(late.code, 7, late)
        self.assertFalse(os.path.exists(two + ".held"))
        self.let_go_on(one)
        self.assertEqual(self.ended(first)[0], 0)
        self.assertGreater(int(self.held(two).rsplit(":", 1)[1]), token)
        self.let_go_on(two)
        self.assertEqual(self.ended(second)[0], 0)
        self.assertFalse(self.standing("pair")["leads"])

    def test_a_signal_reaches_the_command_and_gives_the_lock_back(self):
        process, place = self.lock("signalled", "signalled",
                                   'trap "exit 7" TERM; echo "$PRESENT_LOCK" > "$0.held"; '
                                   'while :; do read line < "$0.go"; done')
        self.held(place)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(process)[0], 7)
        self.assertFalse(self.standing("signalled")["leads"])

    # -- holders that fail -----------------------------------------------------------------

    def test_the_late_write_of_a_holder_that_stood_still_is_refused(self):
        """The lock is beside the key that it guards; its holder is stopped with SIGSTOP,
        another one has it and writes, and then the first one goes on."""
        late, one = self.lock("accounts/guard", "late",
                              SAY_AND_WAIT + WRITE + '; echo $? > "$0.done"')
        token = int(self.held(one).rsplit(":", 1)[1])
        late.send_signal(signal.SIGSTOP)
        written = self.run_locked("accounts/guard", "--", "/bin/sh", "-c", WRITE, "x",
                               PROGRAM, "by the next", self.cluster.data)
        self.assertEqual(written.code, 0, written)
        # Its command wasn't stopped, and knows nothing of it.
        self.let_go_on(one)
        self.assertEqual(wait_until(lambda: self.said(one + ".done"), "it has written"), "4")
        self.assertEqual(self.alice(), "by the next")
        late.send_signal(signal.SIGCONT)
        code, out, err = self.ended(late)
        self.assertEqual(code, 4, (out, err))
        self.assertIn("fenced", err)
        again = self.cluster("kv", "put", "accounts", "alice", "late", "--fence",
                             f"accounts/guard:{token}")
        self.assertEqual(again.code, 4, again)
        self.assertEqual(again.problem()["code"], "fenced")
        self.assertEqual(again.problem()["outcome"], "not_applied")
        self.assertEqual(self.alice(), "by the next")

    def test_a_lock_elsewhere_guards_what_it_is_told_to_from_the_start(self):
        """The lock is of another partition than the key: --guard raises the fence there
        before the command runs."""
        token = self.run_locked("far", "--", "/bin/sh", "-c", "echo $PRESENT_LOCK").out.strip()
        self.assertEqual(self.cluster("kv", "put", "accounts", "far", "1", "--fence", token).code, 0)
        self.assertEqual(self.run_locked("far", "--guard", "accounts/far", "--", "true").code, 0)
        late = self.cluster("kv", "put", "accounts", "far", "2", "--fence", token)
        self.assertEqual(late.problem()["code"], "fenced", late)

    # -- transactions over several partitions -----------------------------------------------

    def pair(self, value):
        """A transaction that writes both ends of a space whose halves are two partitions'."""
        return json.dumps({"then": [{"op": "put", "space": "pairs", "key": key, "value": value}
                                    for key in ("a", "z")]})

    def place_of_pair(self, tag, value):
        place = os.path.join(self.cluster.data, tag)
        with open(place + ".txn", "w", encoding="utf-8") as file:
            file.write(self.pair(value))
        return place

    def values_of_pair(self):
        return [self.cluster("kv", "get", "pairs", key).json()["value"] for key in ("a", "z")]

    def test_a_transaction_over_two_partitions_of_a_holder_that_stood_still_is_refused(self):
        """As above, but what it guards are keys of two partitions, neither of which need have
        the lock."""
        made = self.cluster("space", "create", "pairs", "--split-at", "m")
        self.assertEqual(made.code, 0, made)
        homes = {entry["partition"] for entry in
                 self.cluster("space", "show", "pairs").json()}
        self.assertEqual(len(homes), 2, "the keys are of two partitions")
        guards = ("--guard", "pairs/a", "--guard", "pairs/z")
        self.place_of_pair("late-pair", "late")
        late, one = self.lock("both", "late-pair", SAY_AND_WAIT + PAIR + '; echo $? > "$0.done"',
                              *guards)
        token = self.held(one)
        late.send_signal(signal.SIGSTOP)
        next_place = self.place_of_pair("next-pair", "by the next")
        written = self.run_locked("both", *guards, "--", "/bin/sh", "-c", PAIR, next_place,
                                  PROGRAM, "next", self.cluster.data)
        self.assertEqual(written.code, 0, written)
        self.let_go_on(one)
        self.assertEqual(wait_until(lambda: self.said(one + ".done"), "it has ended"), "4")
        self.assertEqual(self.values_of_pair(), ["by the next"] * 2)
        late.send_signal(signal.SIGCONT)
        code, out, err = self.ended(late)
        self.assertEqual(code, 4, (out, err))
        self.assertIn("fenced", err)
        again = self.cluster("txn", "-f", "-", "--fence", token, stdin=self.pair("late"))
        self.assertEqual(again.code, 4, again)
        self.assertEqual(again.problem()["code"], "fenced")
        self.assertEqual(again.problem()["outcome"], "not_applied")
        refused = Api(self.cluster)("POST", f"/v1/txn?fence={token}", self.pair("late"),
                                    Content_Type="application/json")
        self.assertEqual((refused.status, refused.json()["code"]), (409, "fenced"))
        self.assertEqual(self.values_of_pair(), ["by the next"] * 2)

    def test_whoever_wakes_up_without_its_lock_stops_its_command(self):
        process, place = self.lock("slept", "slept", SAY_AND_WAIT)
        self.held(place)
        process.send_signal(signal.SIGSTOP)
        other = self.run_locked("slept", "--", "true")
        self.assertEqual(other.code, 0, other)
        process.send_signal(signal.SIGCONT)
        code, out, err = self.ended(process)
        self.assertEqual(code, 4, (out, err))
        self.assertIn("fenced", err)

    def test_the_lock_of_a_holder_that_was_killed_is_free_when_its_lease_is_over(self):
        process, place = self.lock("killed", "killed", SAY_AND_WAIT)
        self.held(place)
        process.kill()
        self.assertTrue(self.standing("killed")["leads"])
        self.assertEqual(self.run_locked("killed", "--", "true").code, 0)

    # -- leaders that fail -----------------------------------------------------------------

    def test_a_lock_outlives_the_leader_of_its_partition(self):
        process, place = self.lock("accounts/outlives", "outlives", SAY_AND_WAIT + WRITE,
                                   lease="5s")
        token = self.held(place)
        waiting, other = self.lock("accounts/outlives", "inherits", SAY_AND_WAIT, lease="5s")
        wait_until(lambda: self.standing("accounts/outlives")["waiting"] == 1, "it waits")
        leader = self.cluster.leader()
        killed = self.cluster("node", "kill", leader)
        self.assertEqual(killed.code, 0, killed)
        try:
            seen = wait_until(lambda: self.standing("accounts/outlives"), "there is a leader")
            self.assertEqual(f"accounts/outlives:{seen['token']}", token)
            self.assertEqual(seen["waiting"], 1)
            self.let_go_on(place)
            code, out, err = self.ended(process)
            self.assertEqual(code, 0, (out, err))
            self.assertEqual(self.alice(), "outlives")
            self.assertGreater(int(self.held(other).rsplit(":", 1)[1]),
                               int(token.rsplit(":", 1)[1]))
            self.let_go_on(other)
            self.assertEqual(self.ended(waiting)[0], 0)
        finally:
            self.cluster("node", "start", leader)
            self.cluster.wait_until_whole()

    # -- elections and HTTP ----------------------------------------------------------------

    def test_who_is_elected_publishes_a_value_until_another_leads(self):
        def elect(value):
            return self.begin("elect", "chief", "--value", value, "--lease", "1s", "--data",
                              self.cluster.data, "-o", "json")
        self.assertEqual(self.standing("chief")["leads"], False)
        first = elect("10.0.0.1:80")
        wait_until(lambda: self.standing("chief")["value"] == "10.0.0.1:80", "the first leads")
        second = elect("10.0.0.2:80")
        wait_until(lambda: self.standing("chief")["waiting"] == 1, "the second stands")
        observer = self.begin("elect", "chief", "--observe", "--data", self.cluster.data,
                              "-o", "jsonl")
        self.assertIn("10.0.0.1:80", observer.stdout.readline())
        first.send_signal(signal.SIGINT)
        code, out, err = self.ended(first)
        self.assertEqual(code, 0, (out, err))
        self.assertIn("10.0.0.2:80", observer.stdout.readline())
        second.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(second)[0], 0)
        self.assertIn('"leads":false', observer.stdout.readline().replace(" ", ""))
        observer.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(observer)[0], 0)

    def test_over_http_any_node_keeps_a_claim(self):
        api = Api(self.cluster)
        path = "/v1/locks/web"
        self.assertFalse(api("GET", path).json()["held"])
        held = api("PUT", path + "?claim=a&lease_ms=60000&owner=web-1", node=1).json()
        again = api("POST", path + "?claim=a", node=2).json()
        self.assertEqual(again["token"], held["token"])
        self.assertEqual(api("PUT", path + "?claim=b", node=3).status, 409)
        self.assertEqual(api("PUT", path + "?claim=b&wait=true&lease_ms=60000", node=3).status, 202)
        self.assertEqual(api("DELETE", path + "?claim=a", node=3).status, 200)
        turn = api("POST", path + "?claim=b&wait_ms=5000", node=1)
        self.assertEqual(turn.status, 200)
        self.assertGreater(turn.json()["token"], held["token"])
        fence = f"?fence=web:{held['token']}"
        self.assertEqual(api("PUT", "/v1/kv/accounts/web" + f"?fence=web:{turn.json()['token']}",
                             "new").status, 200)
        late = api("PUT", "/v1/kv/accounts/web" + fence, "old")
        self.assertEqual((late.status, late.json()["code"]), (409, "fenced"))
        self.assertEqual(api("GET", path).json()["token"], turn.json()["token"])
        self.assertEqual(api("DELETE", path + "?claim=b").status, 200)
        self.assertEqual(api("DELETE", path + "?claim=b").status, 404)


if __name__ == "__main__":
    unittest.main()
