"""Writes in conflict, as the command line and HTTP make them: each strategy, what waits for
somebody, and what is counted of it."""

import json
import secrets
import time
import unittest

from http_api import Api
from program import Cluster, wait_until


class Conflicts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(nodes=1)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()
        cls.api = Api(cls.cluster)

    def space(self, name, *settings):
        made = self.cluster("space", "create", name, *settings)
        self.assertEqual(made.code, 0, made)

    def put(self, space, key, value, *flags, code=0):
        done = self.cluster("kv", "put", space, key, value, *flags)
        self.assertEqual(done.code, code, done)
        return done.json() if code == 0 else done.problem()

    def value(self, space, key):
        return self.cluster("kv", "get", space, key).json()["value"]

    def counted(self, kind, outcome):
        text = self.api("GET", "/metrics", role="admin").body.decode()
        labels = [f'type="{kind}"', f'outcome="{outcome}"']
        for line in text.splitlines():
            if line.startswith("present_conflicts_total{") and all(one in line for one in labels):
                return float(line.split()[-1])
        self.fail(f"no series for {kind}, {outcome}")

    def read_and_changed(self, space, key="k"):
        """The version that somebody read and that isn't there any more."""
        read = self.put(space, key, "one")["version"]
        self.put(space, key, "two")
        return read

    def test_a_stale_base_is_settled_as_the_space_says(self):
        self.space("rejects")
        read = self.read_and_changed("rejects")
        before = self.counted("write-write", "refuse")
        problem = self.put("rejects", "k", "mine", "--base", read, code=4)
        self.assertEqual(problem["code"], "version_conflict")
        self.assertEqual(self.value("rejects", "k"), "two")
        self.assertEqual(self.counted("write-write", "refuse"), before + 1)

        self.space("last", "--conflict", "last-writer-wins")
        read = self.read_and_changed("last")
        before = self.counted("write-write", "accept")
        done = self.put("last", "k", "mine", "--base", read)
        self.assertEqual((done["conflict"], done["outcome"]), ("write-write", "accept"))
        self.assertEqual(self.value("last", "k"), "mine")
        self.assertEqual(self.counted("write-write", "accept"), before + 1)

        self.space("first", "--conflict", "first-writer-wins")
        read = self.read_and_changed("first")
        self.put("first", "k", "mine", "--base", read, code=4)
        self.assertEqual(self.value("first", "k"), "two")

    def test_of_two_stamps_the_later_stays_whichever_comes_first(self):
        self.space("regions", "--conflict", "last-writer-wins")
        early = self.put("regions", "clock", "")["version"]
        late = self.put("regions", "clock", "")["version"]
        self.put("regions", "a", "late", "--at", late, "--origin", 1)
        kept = self.put("regions", "a", "early", "--at", early, "--origin", 2)
        self.assertEqual(kept["outcome"], "keep-current")
        self.put("regions", "b", "early", "--at", early, "--origin", 2)
        self.put("regions", "b", "late", "--at", late, "--origin", 1)
        self.assertEqual([self.value("regions", key) for key in "ab"], ["late", "late"])

    def test_history_closes(self):
        self.space("closing", "--conflict", "last-writer-wins", "--closes-after", 1)
        old = self.put("closing", "clock", "")["version"]
        wait_until(lambda: self.put("closing", "clock", "")["version"] >> 16 > (old >> 16) + 2,
                   "the clock moves on")
        before = self.counted("temporal", "refuse")
        problem = self.put("closing", "k", "late", "--at", old, code=4)
        self.assertEqual(problem["code"], "retroactive_write")
        self.assertEqual(self.counted("temporal", "refuse"), before + 1)

    def test_a_write_waits_for_its_cause(self):
        self.space("caused")
        version = self.put("caused", "cause", "v")["version"]
        self.put("caused", "effect", "v", "--after", version)
        before = self.counted("temporal", "wait-for")

        def wait_for_more():
            """Nothing that it could come after is there yet, unless it is logged just then."""
            last = self.put("caused", "cause", "v")["version"]
            done = self.put("caused", "effect", "v", "--after", last + (1 << 16))
            self.assertGreater(done["version"], last + (1 << 16))
            return done.get("conflict") == "temporal" and done["outcome"] == "wait-for"

        wait_until(wait_for_more, "a write has waited for its cause")
        self.assertEqual(self.counted("temporal", "wait-for"), before + 1)
        ahead = int(time.time() * 1000 + 3_600_000) << 16
        problem = self.put("caused", "never", "v", "--after", ahead, code=6)
        self.assertEqual(problem["code"], "clock_skew")

    def test_what_is_escalated_waits_until_somebody_decides(self):
        self.space("asks", "--conflict", "escalate:on-call")
        read = self.read_and_changed("asks")
        before = self.counted("write-write", "escalate")
        problem = self.put("asks", "k", "mine", "--base", read, code=4)
        self.put("asks", "k", "theirs", "--base", read, code=4)
        self.assertIn("on-call", problem["message"])
        self.assertEqual(self.counted("write-write", "escalate"), before + 2)
        waiting = self.cluster("conflicts", "list", "asks").json()
        self.assertEqual([one["value"] for one in waiting], ["mine", "theirs"])
        self.assertEqual(waiting[0]["path"], "on-call")

        def resolve(*how):
            return self.cluster("conflicts", "resolve", "asks", "k", *how)

        self.assertEqual(resolve(waiting[0]["write"]).code, 2)
        self.assertEqual(resolve(waiting[1]["write"], "--drop").code, 0)
        self.assertEqual(self.value("asks", "k"), "two")
        self.assertEqual(resolve(waiting[0]["write"], "--accept").code, 0)
        self.assertEqual(self.value("asks", "k"), "mine")
        self.assertEqual(resolve(waiting[0]["write"], "--accept").code, 3)
        self.assertEqual(self.cluster("conflicts", "list", "asks").json(), [])

    def test_a_strategy_can_be_changed(self):
        self.space("changes")
        read = self.read_and_changed("changes")
        self.put("changes", "k", "mine", "--base", read, code=4)
        self.assertEqual(self.cluster("space", "set", "changes").code, 2)
        wrong = self.cluster("space", "set", "changes", "--conflict", "lww")
        self.assertEqual(wrong.code, 2)
        self.assertIn("last-writer-wins", wrong.problem()["message"])
        done = self.cluster("space", "set", "changes", "--conflict", "last-writer-wins")
        self.assertEqual(done.code, 0, done)
        rows = self.cluster("space", "list").json()
        self.assertEqual([row["conflict"] for row in rows if row["space"] == "changes"],
                         ["last-writer-wins"])

        def written():
            return self.cluster("kv", "put", "changes", "k", "mine", "--base", read).code == 0

        wait_until(written, "the partition hears of the new strategy")

    def test_a_rule_that_no_program_has_refuses_by_name(self):
        self.space("ruled", "--policy", "four-eyes")
        problem = self.put("ruled", "k", "v", code=5)
        self.assertIn("'four-eyes' isn't registered", problem["message"])
        self.assertGreaterEqual(self.counted("policy", "refuse"), 1)
        self.space("shaped", "--schema", "order")
        problem = self.put("shaped", "k", "v", code=4)
        self.assertEqual(problem["code"], "schema_incompatible")
        self.assertGreaterEqual(self.counted("schema", "refuse"), 1)

    def test_over_http(self):
        made = self.api("PUT", "/v1/spaces/web", json.dumps({"conflict": "last-writer-wins"}),
                        role="admin", Content_Type="application/json")
        self.assertEqual(made.status, 201, made)
        shown = self.api("GET", "/v1/spaces/web", role="admin").json()
        self.assertEqual(shown["conflict"], "last-writer-wins")
        read = self.api("PUT", "/v1/kv/web/k", "one").version()
        self.api("PUT", "/v1/kv/web/k", "two")
        reply = self.api("PUT", f"/v1/kv/web/k?base={read}", "mine")
        self.assertEqual(reply.json()["conflict"], {"type": "write-write", "outcome": "accept"})
        answers = self.api.batch({"op": "put", "space": "web", "key": "k", "value": "again",
                                  "base": read}).json()["answers"]
        self.assertEqual(answers[0]["conflict"]["outcome"], "accept")
        self.assertEqual(self.api("PUT", "/v1/kv/web/k?origin=1", "x").status, 400)

    def test_what_became_of_a_conflict_is_traced(self):
        self.space("traced", "--conflict", "last-writer-wins")
        read = self.read_and_changed("traced")
        trace = secrets.token_hex(16)
        reply = self.api("PUT", f"/v1/kv/traced/k?base={read}", "mine",
                         traceparent=f"00-{trace}-{secrets.token_hex(8)}-01")
        self.assertEqual(reply.status, 200, reply)

        def attributes():
            spans = self.api("GET", f"/v1/traces/{trace}", role="admin").json()["spans"]
            return [one["attributes"] for one in spans if one["name"] == "partition"]

        wait_until(attributes, "the partition's span is told")
        self.assertEqual([(one["conflict"], one["conflict.outcome"]) for one in attributes()],
                         [("write-write", "accept")])

    def test_crdts_are_changed_and_shown_in_words(self):
        self.space("joined", "--conflict", "merge:crdt")

        def merge(key, *how, code=0):
            done = self.cluster("kv", "merge", "joined", key, *how)
            self.assertEqual(done.code, code, done)
            return done

        for replica in (1, 2, 1):
            merge("hits", "pn-counter", "--add", 3, "--replica", replica)
        merge("hits", "pn-counter", "--add", -2)
        shown = self.cluster("kv", "get", "joined", "hits").json()
        self.assertEqual((shown["type"], shown["value"]), ("pn-counter", 7))
        merge("tags", "or-set", "--insert", "a,b,c")
        merge("tags", "or-set", "--erase", "b", "--replica", 2)
        self.assertEqual(self.value("joined", "tags"), ["a", "c"])
        merge("name", "lww-register", "--write", "x")
        merge("name", "lww-register", "--write", "y", "--replica", 2)
        self.assertEqual(self.value("joined", "name"), "y")
        problem = merge("hits", "or-set", "--insert", "a", code=2).problem()
        self.assertIn("pn-counter", problem["message"])
        self.assertIn("keeps CRDTs", self.put("joined", "k", "bytes", code=2)["message"])


if __name__ == "__main__":
    unittest.main()
