"""Watches while nodes die: nothing is missing, nothing comes twice, and in order."""

import http.client
import json
import subprocess
import threading
import unittest

from faulty import PROGRAM, FaultyCluster, environment, say, wait_until
from http_api import Api  # beside program.py, where faulty has made it be looked for

KEYS = 5
WRITES = 400


class CommandWatch:
    """`present kv watch`, read as it comes."""

    def __init__(self, cluster, *arguments):
        self.events = []
        self.process = subprocess.Popen(
            [PROGRAM, "kv", "watch", *arguments, "--data", cluster.data, "-o", "jsonl"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def has_started(self):
        return any(event["event"] == "started" for event in list(self.events))

    def changes(self):
        return [event for event in list(self.events) if event["event"] in ("put", "delete")]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()
        self.process.stderr.close()


class EventSource:
    """Server-sent events as a browser takes them: it comes back, to whichever node is
    there, with the id of what it has seen."""

    def __init__(self, cluster, space):
        self.api = Api(cluster)
        self.path = f"/v1/watch/{space}"
        self.last_id = None
        self.records = []
        self.ends = []
        self.connections = 0
        self.over = False
        self.thread = threading.Thread(target=self.follow)
        self.thread.start()

    def follow(self):
        node = 0
        while not self.over:
            node = node % 3 + 1
            try:
                self.read_from(node)
            except (OSError, http.client.HTTPException):
                pass

    def read_from(self, node):
        connection = self.api.connection(node, "client")
        try:
            headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
            connection.request("GET", self.path, headers=headers)
            reply = connection.getresponse()
            if reply.status != 200:
                return
            self.connections += 1
            kind, identity, data = None, None, None
            while not self.over:
                raw = reply.readline()
                if not raw.endswith(b"\n"):
                    return  # the connection has ended
                line = raw.decode().rstrip("\n")
                if line.startswith("id: "):
                    identity = line[4:]
                elif line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data = line[6:]
                elif not line:
                    self.take(kind, data)
                    self.last_id = identity or self.last_id
                    kind, identity, data = None, None, None
        finally:
            connection.close()

    def take(self, kind, data):
        """An event that is whole."""
        if kind in ("put", "delete"):
            self.records.append((kind, json.loads(data)))
        elif kind in ("compacted", "ended"):
            self.ends.append(data)

    def close(self):
        self.over = True
        self.thread.join()


class Watch(unittest.TestCase):
    def setUp(self):
        self.cluster = FaultyCluster()
        self.addCleanup(self.cluster.close)
        self.assertEqual(self.cluster("space", "create", "watched", "--split", "2").code, 0)

    def write(self, kill_at):
        """Rising numbers under each key; who leads dies on the way. What was acknowledged,
        by key, with its version; and what may or may not have been written."""
        acknowledged, unknown = {}, set()
        api = Api(self.cluster)
        for number in range(WRITES):
            if number in kill_at:
                self.cluster.kill(self.cluster.leader())
            key = f"{'az'[number % 2]}{number % KEYS}"
            try:
                reply = api("PUT", f"/v1/kv/watched/{key}", str(number), node=number % 3 + 1,
                            Idempotency_Key=f"write-{number}")
            except (OSError, http.client.HTTPException):
                unknown.add(str(number))
                continue
            if reply.status == 200:
                acknowledged.setdefault(key, []).append((str(number), reply.json()["version"]))
            elif reply.json()["outcome"] != "not_applied":
                unknown.add(str(number))
        return acknowledged, unknown

    def check(self, heard, acknowledged, unknown, who):
        """`heard`: (key, value, version) as they came."""
        by_key = {}
        for key, value, version in heard:
            by_key.setdefault(key, []).append((value, version))
        for key, changes in by_key.items():
            versions = [version for _, version in changes]
            self.assertEqual(versions, sorted(set(versions)), f"{who}: order of {key}")
        for key, writes in acknowledged.items():
            told = [one for one in by_key.get(key, []) if one[0] not in unknown]
            self.assertEqual(told, writes, f"{who}: changes of {key}")

    def test_a_watch_hears_every_change_once_while_leaders_die(self):
        command = CommandWatch(self.cluster, "watched")
        self.addCleanup(command.close)
        source = EventSource(self.cluster, "watched")
        self.addCleanup(source.close)
        wait_until(command.has_started, "the command's watch has started")
        wait_until(lambda: source.last_id, "the stream's watch has started")
        acknowledged, unknown = self.write(kill_at={100, 250})
        self.cluster.wait_until_whole()
        # What was not known to be written is written before this, or never.
        last = self.cluster("kv", "put", "watched", "a-last", "last")
        other = self.cluster("kv", "put", "watched", "z-last", "last")
        self.assertEqual((last.code, other.code), (0, 0))
        lasts = {"a-last", "z-last"}
        wait_until(lambda: lasts <= {event["key"] for event in command.changes()},
                   "the command has heard the last changes")
        wait_until(lambda: lasts <= {record["key"] for _, record in list(source.records)},
                   "the stream has heard the last changes")
        for key, done in (("a-last", last), ("z-last", other)):
            acknowledged[key] = [("last", done.json()["version"])]
        self.check([(event["key"], event["value"], event["version"])
                    for event in command.changes()], acknowledged, unknown, "command")
        self.assertEqual(source.ends, [])
        self.check([(record["key"], record["value"], record["version"])
                    for _, record in list(source.records)], acknowledged, unknown, "stream")
        say(f"\nwatched: {len(command.changes())} changes, {len(unknown)} writes of unknown "
            f"outcome, {source.connections} connections of the stream")

    def test_a_token_goes_on_where_it_was_given_and_nowhere_else(self):
        first = self.cluster("kv", "put", "watched", "a", "1").json()["version"]
        seen = self.cluster("kv", "watch", "watched", "a", "--from", f"@{first - 1}",
                            "--limit", "1")
        self.assertEqual(seen.code, 0, seen)
        token = json.loads(seen.out.splitlines()[-1])["token"]
        self.assertEqual(self.cluster("kv", "put", "watched", "a", "2").code, 0)
        again = self.cluster("kv", "watch", "watched", "a", "--from", token, "--limit", "1")
        self.assertEqual(json.loads(again.out.splitlines()[-1])["value"], "2", again)
        other = self.cluster("kv", "watch", "watched", "--from", token)
        self.assertEqual((other.code, other.problem()["code"]), (2, "invalid"), other)
        none = self.cluster("kv", "watch", "watched", "--from", "nonsense")
        self.assertEqual((none.code, none.problem()["code"]), (2, "invalid"), none)
        gone = self.cluster("kv", "watch", "nowhere")
        self.assertEqual((gone.code, gone.problem()["code"]), (3, "unknown_space"), gone)


if __name__ == "__main__":
    unittest.main()
