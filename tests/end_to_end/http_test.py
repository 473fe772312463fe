"""HTTP of a live cluster: over TLS, by any node, good requests and bad ones."""

import concurrent.futures
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import unittest
import uuid

from http_api import Api, Reply, quoted
from program import PROGRAM, Cluster, environment, present, wait_until

BODY = {"code", "message", "outcome", "retryable", "retry_after_ms", "trace_id"}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class OverHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()
        cls.ask = Api(cls.cluster)
        made = cls.ask("PUT", "/v1/spaces/test", role="admin")
        assert made.status == 201, made

    def assert_problem(self, reply, status, code, outcome="not_applied"):
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        problem = reply.json()
        self.assertLessEqual(BODY, set(problem), reply)
        self.assertEqual((problem["code"], problem["outcome"]), (code, outcome), reply)
        return problem

    # -- keys ------------------------------------------------------------------------

    def test_any_node_answers_for_the_whole_cluster(self):
        for node in (1, 2, 3):
            written = self.ask("PUT", "/v1/kv/test/shared", f"by {node}", node=node)
            self.assertEqual(written.status, 200, written)
            self.assertEqual(written.json(), {"version": written.version()})
            for other in (1, 2, 3):
                read = self.ask("GET", "/v1/kv/test/shared", node=other)
                self.assertEqual((read.status, read.body), (200, f"by {node}".encode()))
                self.assertEqual(read.version(), written.version())
        gone = self.ask("DELETE", "/v1/kv/test/shared", node=2)
        self.assertEqual(gone.status, 200, gone)
        self.assertGreater(gone.json()["version"], written.version())
        self.assert_problem(self.ask("GET", "/v1/kv/test/shared", node=3), 404, "not_found")
        self.assert_problem(self.ask("DELETE", "/v1/kv/test/shared"), 404, "not_found")

    def test_keys_and_values_are_any_bytes(self):
        value = bytes(range(256))
        for key in (b"a/b c", b"\x00\xff%?#&+", b"%2F", "grün".encode(), b"k" * 400):
            path = "/v1/kv/test/" + quoted(key)
            self.assertEqual(self.ask("PUT", path, value).status, 200, key)
            self.assertEqual(self.ask("GET", path, node=2).body, value, key)
        self.assertEqual(self.ask("PUT", "/v1/kv/test/a/b%20c", "").status, 200)
        read = self.ask("GET", "/v1/kv/test/a%2Fb%20c")
        self.assertEqual((read.status, read.body), (200, b""))

    def test_head_is_get_without_the_bytes(self):
        self.ask("PUT", "/v1/kv/test/head", "12345")
        read = self.ask("HEAD", "/v1/kv/test/head")
        self.assertEqual((read.status, read.body), (200, b""))
        self.assertEqual(read.headers["Content-Length"], "5")
        self.assertGreater(read.version(), 0)
        self.assertEqual(self.ask("HEAD", "/v1/kv/test/none").status, 404)

    def test_conditions(self):
        path = "/v1/kv/test/" + uuid.uuid4().hex
        first = self.ask("PUT", path, "1", If_None_Match="*")
        self.assertEqual(first.status, 200, first)
        again = self.ask("PUT", path, "2", If_None_Match="*")
        problem = self.assert_problem(again, 412, "version_conflict")
        self.assertEqual(problem["current_version"], first.version())
        self.assertEqual(again.version(), first.version())
        second = self.ask("PUT", path, "3", If_Match=first.headers["ETag"])
        self.assertEqual(second.status, 200, second)
        self.assertGreater(second.version(), first.version())
        late = self.ask("PUT", path, "4", If_Match=str(first.version()))
        self.assert_problem(late, 412, "version_conflict")
        self.assert_problem(self.ask("DELETE", path, If_Match=first.headers["ETag"]), 412,
                            "version_conflict")
        unchanged = self.ask("GET", path, If_None_Match=second.headers["ETag"])
        self.assertEqual((unchanged.status, unchanged.body), (304, b""))
        self.assertEqual(self.ask("GET", path, If_None_Match=first.headers["ETag"]).body, b"3")
        self.assertEqual(self.ask("GET", path, If_Match=first.headers["ETag"]).status, 412)
        self.assertEqual(self.ask("DELETE", path, If_Match=second.headers["ETag"]).status, 200)
        self.assert_problem(self.ask("PUT", path, "5", If_Match=second.headers["ETag"]), 412,
                            "version_conflict")

    def test_a_page_leads_to_the_next(self):
        keys = [f"page/{number:03}" for number in range(25)]
        self.ask.batch(*({"op": "put", "space": "test", "key": key, "value": key.upper()}
                         for key in keys))
        path, found, pages = "/v1/kv/test?prefix=page/&limit=10", [], 0
        while path:
            page = self.ask("GET", path, node=1 + pages % 3).json()
            found += page["rows"]
            pages += 1
            path = page.get("next")
            self.assertEqual(page["more"], path is not None)
        self.assertEqual([row["key"] for row in found], keys)
        self.assertEqual({row["value"] for row in found}, {key.upper() for key in keys})
        self.assertEqual(pages, 3)
        some = self.ask("GET", "/v1/kv/test?start=page/003&end=page/005&keys_only").json()
        self.assertEqual([list(row) for row in some["rows"]], [["key", "version"]] * 2)
        self.assertEqual(self.ask("GET", "/v1/kv/test?prefix=page/&after=page/023").json()
                         ["rows"][0]["key"], "page/024")
        none = self.ask("GET", "/v1/kv/test?start=b&end=a").json()
        self.assertEqual(none, {"rows": [], "more": False})

    def test_a_stale_read_needs_no_leader(self):
        self.ask("PUT", "/v1/kv/test/stale", "v")
        for node in (1, 2, 3):
            def seen(there=node):
                read = self.ask("GET", "/v1/kv/test/stale?consistency=stale", node=there)
                return read.status == 200 and read.body == b"v"
            wait_until(seen, f"node {node} to have it")
            page = self.ask("GET", "/v1/kv/test?prefix=stale&consistency=stale", node=node)
            self.assertEqual([row["key"] for row in page.json()["rows"]], ["stale"])

    # -- batches -----------------------------------------------------------------------

    def test_a_batch_answers_each_operation(self):
        reply = self.ask.batch(
            {"op": "put", "space": "test", "key": "batch/a", "value": "1"},
            {"op": "put", "space": "test", "key": "YmF0Y2gvAP8=", "value": "/w==",
             "encoding": "base64"},
            {"op": "put", "space": "test", "key": "batch/a2", "value": "v", "if_version": 7},
            {"op": "get", "space": "test", "key": "batch/none"},
            {"op": "delete", "space": "test", "key": "batch/none"},
            {"op": "get", "space": "nowhere", "key": "k"}, node=2)
        self.assertEqual(reply.status, 200, reply)
        answers = reply.json()["answers"]
        self.assertGreater(answers[0]["version"], 0)
        self.assertGreater(answers[1]["version"], 0)
        self.assertEqual([answer["error"]["code"] for answer in answers[2:]],
                         ["version_conflict", "not_found", "not_found", "unknown_space"])
        self.assertEqual(answers[2]["error"]["current_version"], 0)
        reply = self.ask.batch({"op": "get", "space": "test", "key": "batch/a"},
                               {"op": "get", "space": "test", "key": "YmF0Y2gvAP8=",
                                "encoding": "base64"}, node=3)
        plain, coded = reply.json()["answers"]
        self.assertEqual(plain["value"], "1")
        self.assertEqual((coded.get("value"), coded.get("encoding")), ("/w==", "base64"))

        def stale():
            return self.ask.batch({"op": "get", "space": "test", "key": "batch/a",
                                   "consistency": "stale"}, node=3).json()["answers"][0]
        wait_until(lambda: stale().get("value") == "1", "node 3 to have applied it")

    def test_the_largest_batch(self):
        reply = self.ask.batch(*({"op": "put", "space": "test", "key": f"large/{n}", "value": "v"}
                                 for n in range(1000)))
        self.assertEqual(reply.status, 200, reply)
        answers = reply.json()["answers"]
        self.assertEqual(len([one for one in answers if one.get("version")]), 1000)

    # -- exactly once ------------------------------------------------------------------

    def test_a_request_with_a_key_is_applied_once_on_whichever_node(self):
        path, key = "/v1/kv/test/" + uuid.uuid4().hex, uuid.uuid4().hex
        first = self.ask("PUT", path, "v", Idempotency_Key=key, node=1)
        self.assertEqual(first.status, 200, first)
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        between = self.ask("PUT", path, "w")
        for node in (1, 2, 3):
            again = self.ask("PUT", path, "v", Idempotency_Key=key, node=node)
            self.assertEqual((again.status, again.body, again.headers["ETag"]),
                             (first.status, first.body, first.headers["ETag"]))
            self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        read = self.ask("GET", path)
        self.assertEqual((read.body, read.version()), (b"w", between.version()))

    def test_a_refusal_is_replayed_as_well(self):
        path, key = "/v1/kv/test/" + uuid.uuid4().hex, uuid.uuid4().hex
        self.ask("PUT", path, "v")
        first = self.ask("PUT", path, "w", Idempotency_Key=key, If_None_Match="*")
        self.assert_problem(first, 412, "version_conflict")
        self.ask("DELETE", path)
        again = self.ask("PUT", path, "w", Idempotency_Key=key, If_None_Match="*", node=2)
        problem = self.assert_problem(again, 412, "version_conflict")
        self.assertEqual(problem["message"], first.json()["message"])
        self.assertEqual(problem["current_version"], first.json()["current_version"])
        self.assertEqual(self.ask("GET", path).status, 404)

    def test_other_work_under_the_same_key_is_refused(self):
        path, key = "/v1/kv/test/" + uuid.uuid4().hex, uuid.uuid4().hex
        self.ask("PUT", path, "v", Idempotency_Key=key)
        other = self.ask("PUT", path, "w", Idempotency_Key=key, node=2)
        self.assertIn("idempotency key", self.assert_problem(other, 409, "invalid")["message"])
        other = self.ask("PUT", path, "v", Idempotency_Key=key, If_None_Match="*", node=3)
        self.assert_problem(other, 409, "invalid")
        self.assertEqual(self.ask("GET", path).body, b"v")
        # Another path or another caller has keys of its own.
        self.assertEqual(self.ask("PUT", path + "x", "w", Idempotency_Key=key).status, 200)
        self.assertEqual(self.ask("PUT", path, "w", Idempotency_Key=key, role="admin").status, 200)

    def test_a_batch_with_a_key_is_applied_once(self):
        name, key = uuid.uuid4().hex, uuid.uuid4().hex
        puts = [{"op": "put", "space": "test", "key": f"{name}/{n}", "value": "1"}
                for n in range(5)]
        first = self.ask.batch(*puts, Idempotency_Key=key)
        again = self.ask.batch(*puts, Idempotency_Key=key, node=2)
        self.assertEqual(again.json(), first.json())
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        puts[0]["value"] = "2"
        self.assert_problem(self.ask.batch(*puts, Idempotency_Key=key, node=3), 409, "invalid")

    def test_a_transaction_with_a_key_takes_one_branch_once(self):
        made = self.ask("PUT", "/v1/spaces/wide", json.dumps({"split_at": ["m"]}), role="admin",
                        Content_Type="application/json")
        self.assertEqual(made.status, 201, made)
        key = uuid.uuid4().hex

        def run(node=1, **more):
            low, high = ({"space": "wide", "key": name} for name in ("a", "zz"))
            body = {"compare": [{**low, "exists": False}],
                    "then": [{**low, "op": "add", "number": 1}, {**high, "op": "add", "number": 1}],
                    "else": [{**high, "op": "get"}], **more}
            return self.ask("POST", "/v1/txn", json.dumps(body), node=node, Idempotency_Key=key,
                            Content_Type="application/json")

        first = run()
        self.assertEqual(first.status, 200, first)
        self.assertTrue(first.json()["succeeded"])
        again = run(node=2)  # the comparison would fail by now
        self.assertEqual(again.json(), {**first.json(), "repeated": True})
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assert_problem(run(node=3, compare=[]), 409, "invalid")
        key = uuid.uuid4().hex
        other = run()
        self.assertFalse(other.json()["succeeded"])
        self.assertEqual(other.json()["results"][0]["value"], 1)
        self.assertEqual(run(node=2).json(), {**other.json(), "repeated": True})

    def test_many_copies_at_once_apply_once(self):
        path, key = "/v1/kv/test/" + uuid.uuid4().hex, uuid.uuid4().hex
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(self.ask, "PUT", path, "v", 1 + n % 3, Idempotency_Key=key)
                     for n in range(12)]
            replies = [one.result() for one in asked]
        self.assertEqual({reply.status for reply in replies}, {200}, replies)
        self.assertEqual(len({reply.version() for reply in replies}), 1)

    def test_after_a_crash_of_the_node_another_one_gives_the_answer(self):
        path, key = "/v1/kv/test/" + uuid.uuid4().hex, uuid.uuid4().hex
        leader = self.cluster.leader()
        first = self.ask("PUT", path, "v", Idempotency_Key=key, node=leader)
        self.assertEqual(first.status, 200, first)
        self.assertEqual(self.cluster("node", "kill", leader).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        self.addCleanup(self.cluster, "node", "start", leader)
        other = leader % 3 + 1
        again = self.ask("PUT", path, "v", Idempotency_Key=key, node=other)
        self.assertEqual((again.status, again.body), (first.status, first.body), again)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")

    # -- spaces ------------------------------------------------------------------------

    def test_spaces(self):
        name = "s" + uuid.uuid4().hex
        path = f"/v1/spaces/{name}"
        self.assert_problem(self.ask("GET", path, role="admin"), 404, "unknown_space")
        made = self.ask("PUT", path, '{"split":3}', role="admin", node=2,
                        Content_Type="application/json")
        self.assertEqual(made.status, 201, made)
        for node in (1, 2, 3):
            shown = self.ask("GET", path, role="admin", node=node)
            self.assertEqual((shown.json()["name"], len(shown.json()["ranges"])), (name, 3))
            listed = self.ask("GET", "/v1/spaces", role="admin", node=node).json()["spaces"]
            self.assertIn(shown.json(), listed)
        again = self.ask("PUT", path, role="admin", node=3)
        self.assertEqual((again.status, again.body), (200, made.body))
        self.assert_problem(self.ask("PUT", path, role="admin", If_None_Match="*"), 412,
                            "version_conflict")
        self.assertEqual(self.ask("PUT", f"/v1/kv/{name}/k", "v", node=3).status, 200)
        self.assertEqual(self.ask("DELETE", path, role="admin", node=3).status, 200)
        self.assert_problem(self.ask("DELETE", path, role="admin"), 404, "unknown_space")
        self.assert_problem(self.ask("GET", f"/v1/kv/{name}/k", node=2), 404, "unknown_space")
        self.assert_problem(self.ask("PUT", "/v1/spaces/a%20b", role="admin"), 400, "invalid")

    def test_a_space_that_was_made_with_a_key(self):
        name, key = "s" + uuid.uuid4().hex, uuid.uuid4().hex
        first = self.ask("PUT", f"/v1/spaces/{name}", role="admin", Idempotency_Key=key)
        again = self.ask("PUT", f"/v1/spaces/{name}", role="admin", Idempotency_Key=key, node=2)
        self.assertEqual((first.status, again.status), (201, 201))
        self.assertEqual(first.body, again.body)

    # -- the cluster ---------------------------------------------------------------------

    def test_status_and_tree_are_the_command_lines(self):
        for node in (1, 2, 3):
            status = self.ask("GET", "/v1/status", role="admin", node=node).json()
            self.assertTrue(status["available"] and status["quorum"])
            self.assertEqual([one["state"] for one in status["nodes"]], ["up"] * 3)
        self.assertEqual(set(status), set(self.cluster("status").json()))
        tree = self.ask("GET", "/v1/tree", role="admin").json()
        self.assertEqual([child["node"] for child in tree["children"]], [1, 2, 3])
        one = self.ask("GET", "/v1/tree?node=2", role="admin").json()
        self.assertEqual((one["id"], one["node"]), ("node", 2))
        actor = self.ask("GET", "/v1/actors/node/journal?node=3", role="admin").json()
        self.assertEqual((actor["id"], actor["kind"], actor["node"]),
                         ("node/journal", "journal", 3))
        own = self.ask("GET", "/v1/actors/node%2Fclient", role="admin", node=2).json()
        self.assertEqual((own["kind"], own["node"]), ("client", 2))
        self.assert_problem(self.ask("GET", "/v1/actors/node/nobody", role="admin"), 404,
                            "not_found")

    def test_a_sampled_request_is_traced_across_nodes(self):
        trace = uuid.uuid4().hex
        for node in (1, 2, 3):  # they learn who leads
            self.ask("PUT", "/v1/kv/test/traced", b"first", node=node)
        for node in (1, 2, 3):  # two of them ask the leader
            put = self.ask("PUT", "/v1/kv/test/traced", b"x", node=node,
                           traceparent=f"00-{trace}-00f067aa0ba902b7-01")
            self.assertEqual(put.headers["traceparent"][3:35], trace)
        shown = self.ask("GET", f"/v1/traces/{trace}", role="admin").json()
        self.assertEqual(shown["trace_id"], trace)
        by_span = {one["span"]: one for one in shown["spans"]}
        named = {}
        for one in shown["spans"]:
            named.setdefault(one["name"], []).append(one)
        asked = named["PUT /v1/kv/{space}/{key}"]
        self.assertEqual(sorted(one["node"] for one in asked), [1, 2, 3])
        self.assertEqual({one["parent"] for one in asked}, {"00f067aa0ba902b7"})
        self.assertEqual(len({one["node"] for one in named["partition"]}), 1)
        for name, above in (("session", "PUT /v1/kv/{space}/{key}"), ("partition", "session"),
                            ("gather", "partition"), ("commit", "partition"),
                            ("apply", "partition")):
            self.assertEqual(len(named[name]), 3, named[name])
            self.assertEqual({by_span[one["parent"]]["name"] for one in named[name]}, {above})
        listed = self.cluster("trace", trace)
        self.assertEqual(listed.json(), shown)
        self.assertEqual(self.cluster("trace", "0" * 31 + "1").problem()["code"], "not_found")
        self.assertEqual(self.cluster("trace", "nonsense").code, 2)

    def test_each_node_is_healthy_and_ready(self):
        for node in (1, 2, 3):
            self.assertEqual(self.ask("GET", "/healthz", node=node).status, 200)
            wait_until(lambda n=node: self.ask("GET", "/readyz", node=n).status == 200,
                       f"node {node} ready")

    def test_metrics_count_actors_process_and_connections(self):
        scraped = self.ask("GET", "/metrics")
        self.assertEqual(scraped.status, 200)
        self.assertTrue(scraped.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        text = scraped.body.decode()
        for series in (r'present_actors\{kind="partition"\}', r"process_cpu_seconds_total",
                       r'present_connections\{listener="rpc"\}',
                       r'present_connections_accepted_total\{listener="http"\}'):
            found = re.search(rf"^{series} (\S+)$", text, re.M)
            self.assertTrue(found, f"{series} in\n{text}")
            self.assertGreater(float(found[1]), 0, series)

    # -- traces --------------------------------------------------------------------------

    def test_a_trace_goes_in_and_out(self):
        trace = uuid.uuid4().hex
        parent = f"00-{trace}-00f067aa0ba902b7-01"
        read = self.ask("GET", "/v1/kv/test/no-such-key", traceparent=parent)
        self.assertEqual(read.json()["trace_id"], trace)
        out = read.headers["traceparent"]
        self.assertRegex(out, f"^00-{trace}-[0-9a-f]{{16}}-01$")
        self.assertNotEqual(out, parent)
        for given in ({}, {"traceparent": "nonsense"}):
            fresh = self.ask("GET", "/v1/kv/test/no-such-key", **given)
            self.assertIn(fresh.json()["trace_id"], fresh.headers["traceparent"])
            self.assertNotIn(trace, fresh.headers["traceparent"])

    # -- who may -------------------------------------------------------------------------

    def test_a_client_has_keys_and_batches_only(self):
        for method, path in (("GET", "/v1/status"), ("GET", "/v1/tree"), ("GET", "/v1/spaces"),
                             ("PUT", "/v1/spaces/mine"), ("DELETE", "/v1/spaces/test"),
                             ("GET", "/v1/actors/node/client")):
            self.assert_problem(self.ask(method, path), 403, "denied")
        self.assertEqual(self.ask("PUT", "/v1/kv/test/mine", "v").status, 200)
        self.assertEqual(self.ask("GET", "/v1/openapi.json").status, 200)

    def test_a_nodes_certificate_is_for_health_only(self):
        node = (self.cluster.node(1)["data"] + ".pem", self.cluster.node(1)["data"] + ".key")
        self.assertEqual(self.ask("GET", "/healthz", role=node).status, 200)
        for path in ("/v1/kv/test/k", "/v1/status", "/v1/spaces"):
            self.assert_problem(self.ask("GET", path, role=node), 403, "denied")

    def test_without_a_certificate_nobody_is_answered(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.ask("GET", "/healthz", role=None)

    def test_a_foreign_certificate_is_not_answered(self):
        with tempfile.TemporaryDirectory() as folder:
            present("cert", "ca", folder)
            made = present("cert", "client", "me", "--ca-folder", folder, "--to", folder)
            self.assertEqual(made.code, 0, made)
            foreign = (f"{folder}/me.pem", f"{folder}/me.key")
            with self.assertRaises((ssl.SSLError, ConnectionError,
                                    http.client.RemoteDisconnected)):
                self.ask("GET", "/healthz", role=foreign)

    # -- bad input -----------------------------------------------------------------------

    def test_limits_name_the_field(self):
        long_key = self.ask("PUT", "/v1/kv/test/" + "k" * 401, "v")
        self.assertIn("key: 401", self.assert_problem(long_key, 413, "too_large")["message"])
        at_limit = self.ask("PUT", "/v1/kv/test/large", b"v" * (1 << 20))
        self.assertEqual(at_limit.status, 200, at_limit)
        larger = self.ask("PUT", "/v1/kv/test/large", b"v" * ((1 << 20) + 1))
        self.assertIn("value: 1048577", self.assert_problem(larger, 413, "too_large")["message"])
        huge = self.ask("PUT", "/v1/kv/test/large", b"v" * (8 << 20))
        self.assertIn("body: ", self.assert_problem(huge, 413, "too_large")["message"])
        self.assert_problem(self.ask("PUT", "/v1/kv/test/", "v"), 400, "invalid")
        many = [{"op": "get", "space": "test", "key": "k"}] * 1001
        self.assertIn("operations: 1001",
                      self.assert_problem(self.ask.batch(*many), 413, "too_large")["message"])
        self.assert_problem(self.ask("GET", "/v1/kv/test?limit=1001"), 413, "too_large")

    def test_bad_requests_are_told_where_they_are_wrong(self):
        def said(path, method="GET", body=None, **headers):
            return self.assert_problem(self.ask(method, path, body, **headers), 400,
                                       "invalid")["message"]
        self.assertIn("at", said("/v1/kv/test/k?at=now"))
        self.assertIn("origin", said("/v1/kv/test/k?origin=5", "PUT", "v"))
        self.assertIn("'limt'", said("/v1/kv/test?limt=5"))
        self.assertIn("deadline_ms", said("/v1/kv/test/k?deadline_ms=-1"))
        self.assertIn("consistency", said("/v1/kv/test/k?consistency=mostly"))
        self.assertIn("%", said("/v1/kv/test/%zz"))
        self.assertIn("If-Match", said("/v1/kv/test/k", "PUT", "v", If_Match="latest"))
        self.assertIn("Idempotency-Key", said("/v1/kv/test/k", "PUT", "v", Idempotency_Key=""))
        as_json = {"Content_Type": "application/json"}
        self.assertIn("line 1, column 3", said("/v1/batch", "POST", "{nope", **as_json))
        self.assertIn("operations[0].key",
                      said("/v1/batch", "POST", '{"operations":[{"op":"get","space":"s"}]}',
                           **as_json))
        self.assertIn("operations", said("/v1/batch", "POST", "[]", **as_json))
        self.assert_problem(self.ask("GET", "/v1/kv/nowhere/k"), 404, "unknown_space")

    def test_a_body_must_say_that_it_is_json(self):
        body = json.dumps({"operations": [{"op": "get", "space": "test", "key": "k"}]})
        for wrong in ({}, {"Content_Type": "text/plain"},
                      {"Content_Type": "application/x-www-form-urlencoded"}):
            self.assert_problem(self.ask("POST", "/v1/batch", body, **wrong), 415, "invalid")
        right = self.ask("POST", "/v1/batch", body, Content_Type="application/json; charset=utf-8")
        self.assertEqual(right.status, 200, right)
        encoded = self.ask("PUT", "/v1/kv/test/k", "v", Content_Encoding="gzip")
        self.assert_problem(encoded, 415, "invalid")

    def test_a_path_says_which_methods_it_has(self):
        for method, path, allowed in (("POST", "/v1/kv/test/k", "GET, PUT, DELETE"),
                                      ("PUT", "/v1/kv/test", "GET"),
                                      ("GET", "/v1/batch", "POST"),
                                      ("DELETE", "/v1/status", "GET")):
            reply = self.ask(method, path)
            self.assert_problem(reply, 405, "invalid")
            self.assertEqual(reply.headers["Allow"], allowed)
        self.assert_problem(self.ask("GET", "/v2/kv"), 404, "not_found")
        self.assert_problem(self.ask("GET", "/"), 404, "not_found")

    def test_what_is_no_http_ends_with_400_or_the_connection(self):
        for noise in (b"\x16\x03nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n",
                      b"BREW /v1/kv/test/k HTTP/1.1\r\nHost: x\r\n\r\n",
                      b"GET /" + b"a" * 200_000):
            connection = self.ask.connection(1, "client")
            connection.connect()
            said = b""
            try:
                connection.sock.sendall(noise)
                connection.sock.settimeout(30)
                said = connection.sock.recv(4096)
            except (ConnectionError, ssl.SSLError, socket.timeout):
                pass
            finally:
                connection.close()
            self.assertNotIn(b" 200 ", said)
        self.assertEqual(self.ask("GET", "/healthz").status, 200)

    def test_without_a_quorum_the_answer_says_so_and_nothing_is_acknowledged(self):
        self.ask("PUT", "/v1/kv/test/lonely", "before")

        def stale():
            reply = self.ask("GET", "/v1/kv/test/lonely?consistency=stale", node=3)
            return reply.status, reply.body
        wait_until(lambda: stale() == (200, b"before"), "node 3 to have applied it")
        for node in (1, 2):
            self.assertEqual(self.cluster("node", "kill", node).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        for node in (1, 2):
            self.addCleanup(self.cluster, "node", "start", node)
        write = self.ask("PUT", "/v1/kv/test/lonely?deadline_ms=1500", "v", node=3)
        self.assertIn(write.status, (503, 504), write)
        read = self.ask("GET", "/v1/kv/test/lonely?deadline_ms=1500", node=3)
        self.assertIn(read.status, (503, 504), read)
        self.assertEqual(read.json()["outcome"], "not_applied")
        self.assertEqual(stale(), (200, b"before"))
        self.assertFalse(self.ask("GET", "/v1/status", role="admin", node=3).json()["available"])
        wait_until(lambda: self.ask("GET", "/readyz", node=3).status == 503, "it says not ready")

    # -- curl, as a user has it ------------------------------------------------------------

    def curl(self, *arguments, body=None):
        file = self.cluster.file()
        port = self.cluster.node(1)["http"].rsplit(":", 1)[1]
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", "--max-time", "30",
             "--cacert", file["ca"], "--cert", file["client_cert"], "--key", file["client_key"],
             "--connect-to", f"::{self.cluster.node(1)['http']}",
             *(one.replace("NODE", f"https://{file['cluster']}:{port}") for one in arguments)],
            input=body, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def test_curl(self):
        said = self.curl("-X", "PUT", "--data-binary", "@-", "NODE/v1/kv/test/from%20curl",
                         body=b"hello")
        self.assertIn(b"HTTP/1.1 200 OK", said)
        self.assertTrue(self.curl("NODE/v1/kv/test/from%20curl").endswith(b"\r\n\r\nhello"))

    def test_curl_is_invited_to_send_a_large_body_and_told_why_not(self):
        large = b"v" * ((1 << 20) + 1)
        said = self.curl("-T", "-", "-H", "Content-Length: 1048577", "-H",
                         "Transfer-Encoding:", "NODE/v1/kv/test/large", body=large)
        self.assertIn(b"100 Continue", said)
        self.assertIn(b"HTTP/1.1 413", said)
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(8 << 20)
            said = self.curl("-T", file.name, "NODE/v1/kv/test/large")
        self.assertNotIn(b"100 Continue", said)
        self.assertIn(b"HTTP/1.1 413", said)
        self.assertIn(b"body: the limit is", said)


class WithoutTls(unittest.TestCase):
    """On loopback, where its operator says so."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(1, "--http-plain")
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()

    def ask(self, address, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(*address.rsplit(":", 1), timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value
                                                    for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def test_whoever_is_there_may_do_everything(self):
        address = self.cluster.node(1)["http"]
        self.assertEqual(self.ask(address, "PUT", "/v1/spaces/plain").status, 201)
        self.assertEqual(self.ask(address, "PUT", "/v1/kv/plain/k", "v").status, 200)
        self.assertEqual(self.ask(address, "GET", "/v1/kv/plain/k").body, b"v")
        self.assertEqual(self.ask(address, "GET", "/v1/status").status, 200)
        foreign = self.ask(address, "GET", "/v1/status", Origin="https://evil.example")
        self.assertEqual((foreign.status, foreign.json()["code"]), (403, "denied"))
        foreign = self.ask(address, "GET", "/v1/status", Host="evil.example")
        self.assertEqual(foreign.status, 403)

    def test_a_made_cluster_is_as_it_was_made(self):
        again = present("up", "--data", self.cluster.data, "--http-plain", "-o", "json")
        self.assertEqual((again.code, again.problem()["code"]), (2, "invalid"), again)
        self.assertIn("--http-plain", again.problem()["message"])

    def run_node(self, *more, wait=None):
        """The node's file on ports of its own, with more arguments."""
        file = os.path.join(self.cluster.data, "node-1.toml")
        node = subprocess.Popen([PROGRAM, "node", "run", "--config", file, *more],
                                stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(node.stderr.close)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        if wait:
            wait_until(wait, "the node to serve")
            return ""
        return node.communicate(timeout=60)[1]

    def test_health_is_plain_where_it_is_asked_for_and_nothing_else_is(self):
        self.assertEqual(self.cluster("node", "kill", 1).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        self.addCleanup(self.cluster, "node", "start", 1)
        address = "127.0.0.1:" + str(free_port())

        def ready():
            try:
                return self.ask(address, "GET", "/readyz").status == 200
            except ConnectionError:
                return False
        self.run_node("--health-listen", address, wait=ready)
        self.assertEqual(self.ask(address, "GET", "/healthz").status, 200)
        self.assertIn(b"present_connections", self.ask(address, "GET", "/metrics").body)
        for path in ("/v1/status", "/v1/kv/plain/k", "/v1/openapi.json"):
            self.assertEqual(self.ask(address, "GET", path).status, 404)

    def test_plain_is_for_loopback_only(self):
        self.assertEqual(self.cluster("node", "kill", 1).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        self.addCleanup(self.cluster, "node", "start", 1)
        said = self.run_node("--health-listen", "0.0.0.0:" + str(free_port()))
        self.assertIn("no loopback address", said)
        said = self.run_node("--health-listen", "nonsense")
        self.assertIn("no port", said)


if __name__ == "__main__":
    unittest.main()
