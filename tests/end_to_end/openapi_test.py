"""The description of the HTTP interface against a running node: every answer is as it
is described, and every route and status that is described can be had."""

import json
import re
import unittest
import uuid

from http_api import Api
from json_schema import problems, resolve
from program import Cluster

JSON = {"Content_Type": "application/json"}
METHODS = {"get", "put", "post", "delete"}

# What a single healthy cluster can't be made to say; the first two are shown by
# http_test, without a quorum.
ELSEWHERE = {"503", "504"}


class Description(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(nodes=1)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()
        cls.raw = Api(cls.cluster)
        cls.document = cls.raw("GET", "/v1/openapi.json").json()
        cls.seen = set()

    # -- the check -----------------------------------------------------------------------

    def route_of(self, method, path):
        """The described path that fits, the most literal first."""
        bare = path.split("?")[0]
        for template in sorted(self.document["paths"], key=lambda one: one.count("{")):
            pattern = re.sub(r"\\{(key|id|name)\\}", ".*", re.escape(template))
            pattern = re.sub(r"\\{\w+\\}", "[^/]*", pattern)
            if (re.fullmatch(pattern, bare)
                    and method.lower() in self.document["paths"][template]):
                return template, self.document["paths"][template][method.lower()]
        self.fail(f"{method} {path} is not described")

    def ask(self, method, path, body=None, **options):
        """Asks, and holds the answer against the description."""
        reply = self.raw(method, path, body, **options)
        template, operation = self.route_of(method, path)
        status = str(reply.status)
        self.assertIn(status, operation["responses"],
                      f"{method} {template} doesn't describe {reply}")
        described = operation["responses"][status]
        if "$ref" in described:
            described = resolve(described["$ref"], self.document)
        self.check_headers(reply, described, f"{method} {template} {status}")
        self.check_body(reply, described, f"{method} {template} {status}")
        self.seen.add((method.lower(), template, status))
        return reply

    def check_headers(self, reply, described, place):
        for name, header in described.get("headers", {}).items():
            if "$ref" in header:
                header = resolve(header["$ref"], self.document)
            if reply.headers[name] is None:
                self.assertEqual(name, "Idempotent-Replayed", f"{place}: no {name}")
                continue
            wrong = problems(reply.headers[name], header["schema"], self.document, name)
            self.assertEqual(wrong, [], place)

    def check_body(self, reply, described, place):
        content = described.get("content", {})
        if not content:
            self.assertEqual(reply.body, b"", place)
            return
        kind = reply.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, content, place)
        if kind == "application/json":
            wrong = problems(reply.json(), content[kind]["schema"], self.document)
            self.assertEqual(wrong, [], f"{place}: {reply}")

    # -- what is asked -------------------------------------------------------------------

    def exercise_health(self):
        for path in ("/healthz", "/readyz", "/metrics", "/v1/openapi.json"):
            self.assertEqual(self.ask("GET", path).status, 200)
        self.ask("GET", "/v1/openapi.json?x=1")

    def exercise_keys(self):
        path, absent = "/v1/kv/api/a/b", "/v1/kv/api/absent"
        for method in ("GET", "DELETE"):
            self.ask(method, absent)
            self.ask(method, path + "?nonsense")
            self.ask(method, path, role=self.node)
            self.ask(method, path + "k" * 400)
        self.ask("PUT", "/v1/kv/nowhere/k", "v")
        self.ask("PUT", path + "?nonsense", "v")
        self.ask("PUT", path, "v", role=self.node)
        self.ask("PUT", path + "k" * 400, "v")
        self.ask("PUT", path, "v", Content_Encoding="br")
        first = self.ask("PUT", path, "v", Idempotency_Key="one")
        self.ask("PUT", path, "v", Idempotency_Key="one")
        self.ask("PUT", path, "w", Idempotency_Key="one")
        self.ask("PUT", path, "w", If_None_Match="*")
        self.ask("GET", path)
        self.ask("GET", path, If_None_Match=first.headers["ETag"])
        self.ask("GET", path, If_Match='"1"')
        self.ask("DELETE", path, If_Match='"1"')
        self.ask("DELETE", path, Idempotency_Key="two")
        self.ask("DELETE", path, Idempotency_Key="two")
        self.ask("DELETE", path, Idempotency_Key="two", If_Match='"1"')
        self.ask("PUT", "/v1/spaces/shaped", json.dumps({"schema": "order"}), role="admin", **JSON)
        self.ask("PUT", "/v1/kv/shaped/k", "v")
        self.ask("PUT", "/v1/spaces/last", json.dumps({"conflict": "last-writer-wins"}),
                 role="admin", **JSON)
        self.ask("PUT", "/v1/kv/last/k", "v")
        met = self.ask("PUT", "/v1/kv/last/k?base=0", "w")
        self.assertEqual(met.json()["conflict"]["outcome"], "accept")
        self.ask("PUT", path, "v")
        self.assertEqual(self.ask("DELETE", path + "?base=1").status, 409)

    def exercise_lists_and_batches(self):
        rows = [{"op": "put", "space": "api", "key": f"list/{n}", "value": "v"} for n in range(3)]
        binary = {"op": "put", "space": "api", "key": "/w==", "value": "/w==",
                  "encoding": "base64"}
        read = {"op": "get", "space": "api", "key": "/w==", "encoding": "base64"}
        bad = {"op": "get", "space": "api", "key": "none"}
        for key in (None, "three", "three"):
            extra = {"Idempotency_Key": key} if key else {}
            self.ask("POST", "/v1/batch", json.dumps({"operations": [*rows, binary]}), **JSON,
                     **extra)
        self.ask("POST", "/v1/batch", json.dumps({"operations": rows}), **JSON,
                 Idempotency_Key="three")
        self.ask("POST", "/v1/batch", json.dumps({"operations": [read, bad]}), **JSON)
        self.ask("POST", "/v1/batch", "{}", **JSON)
        self.ask("POST", "/v1/batch", "{}")
        self.ask("POST", "/v1/batch", "{}", **JSON, role=self.node)
        self.ask("POST", "/v1/batch", json.dumps({"operations": [bad] * 1001}), **JSON)
        self.ask("GET", "/v1/kv/api?limit=2")
        self.ask("GET", "/v1/kv/api?keys_only")
        self.ask("GET", "/v1/kv/api?limit=0")
        self.ask("GET", "/v1/kv/api?limit=1001")
        self.ask("GET", "/v1/kv/nowhere")
        self.ask("GET", "/v1/kv/api", role=self.node)

    def exercise_watches_and_the_past(self):
        path, watch = "/v1/kv/api/past", "/v1/watch/api"
        first = self.ask("PUT", path, "1").version()
        second = self.ask("PUT", path, "2").version()
        self.assertEqual(self.ask("GET", f"{path}?at={second}").body, b"2")
        self.assertEqual(self.ask("GET", f"{path}?at={first}").status, 409)
        self.assertEqual(self.ask("GET", f"/v1/kv/api?prefix=past&at={second}").status, 200)
        self.assertEqual(self.ask("GET", f"/v1/kv/api?prefix=past&at={first}").status, 409)
        told = self.ask("GET", f"{watch}?key=past&from=@{first}&limit=1").body.decode()
        self.assertIn(f'data: {{"key":"past","value":"2","version":{second}}}', told)
        token = re.search(r"^id: (\S+)\nevent: put", told, re.MULTILINE).group(1)
        third = self.ask("PUT", path, "3").version()
        again = self.ask("GET", f"{watch}?key=past&limit=1", Last_Event_ID=token).body.decode()
        self.assertIn(f'"version":{third}', again)
        self.assertNotIn(f'"version":{second}', again)
        self.ask("GET", f"{watch}?key=past&prefix=p")
        self.ask("GET", f"{watch}?from=nonsense")
        self.ask("GET", f"{watch}?prefix={'k' * 401}")
        self.ask("GET", watch, role=self.node)
        self.ask("GET", "/v1/watch/nowhere")

    def exercise_transactions(self):
        put = {"op": "put", "space": "api", "key": "txn/a", "value": "v"}
        steps = [put, {"op": "get", "space": "api", "key": "txn/a"},
                 {"op": "get", "space": "api", "key": "txn/none"},
                 {"op": "delete", "space": "api", "key": "txn/none"},
                 {"op": "add", "space": "api", "key": "txn/n", "number": -3},
                 {"op": "append", "space": "api", "key": "txn/l", "element": "e"},
                 {"op": "insert", "space": "api", "key": "dHhuL3M=", "element": "/w==",
                  "encoding": "base64"},
                 {"op": "scan", "space": "api", "first": "txn/", "last": "txn0"},
                 {"op": "scan", "space": "api", "first": "txn/", "limit": 1, "keys_only": True}]
        absent = {"space": "api", "key": "txn/none", "exists": True}

        def run(body, **options):
            return self.ask("POST", "/v1/txn", json.dumps(body), **JSON, **options)

        self.assertEqual(run({"then": steps}).json()["succeeded"], True)
        self.assertEqual(run({"compare": [absent], "then": steps, "else": steps[1:3]})
                         .json()["succeeded"], False)
        for _ in range(2):
            run({"then": [put]}, Idempotency_Key="transaction")
        run({"then": steps}, Idempotency_Key="transaction")
        run({})
        run({"then": [{**put, "space": "nowhere"}]})
        run({"then": [put]}, role=self.node)
        run({"then": [{**put, "key": "k" * 401}]})
        self.ask("POST", "/v1/txn", "{}")

    def exercise_conflicts(self):
        self.ask("PUT", "/v1/spaces/asks", json.dumps({"conflict": "escalate:on-call"}),
                 role="admin", **JSON)
        value, path = "/v1/kv/asks/k", "/v1/conflicts/asks"
        self.ask("PUT", value, "v")
        for written in ("w", b"\xff"):
            met = self.ask("PUT", value + "?base=0", written)
            self.assertEqual((met.status, met.json()["conflict"]),
                             (409, {"type": "write-write", "outcome": "escalate"}))
        self.ask("DELETE", value + "?base=0")
        page = self.ask("GET", path + "?limit=1").json()
        self.assertFalse(page["more"])
        self.assertEqual([row.get("value") for row in page["rows"]], ["w", "/w==", None])
        self.assertEqual(page["rows"][0]["path"], "on-call")
        writes = [row["write"] for row in page["rows"]]
        for _ in range(2):
            self.ask("POST", f"{path}/k?write={writes[0]}&decision=accept", role="admin",
                     Idempotency_Key="decided")
        self.assertEqual(self.ask("GET", value).body, b"w")
        self.ask("POST", f"{path}/k?write={writes[1]}&decision=drop", role="admin",
                 Idempotency_Key="decided")
        self.ask("POST", f"{path}/k?write={writes[1]}&decision=drop", role="admin")
        gone = self.ask("POST", f"{path}/k?write={writes[1]}&decision=accept", role="admin")
        self.assertEqual(gone.status, 404)
        self.ask("POST", f"{path}/k?write={writes[2]}", role="admin")
        self.ask("POST", f"{path}/k?write={writes[2]}&decision=drop")
        self.ask("POST", f"{path}/{'k' * 401}?write=1&decision=drop", role="admin")
        self.ask("GET", path + "?nonsense")
        self.ask("GET", path + "?limit=1001")
        self.ask("GET", path, role=self.node)
        self.ask("GET", "/v1/conflicts/nowhere")

    def exercise_locks(self):
        path = "/v1/locks/described"
        for method, status in (("GET", 200), ("PUT", 200), ("POST", 409), ("DELETE", 404)):
            nobody = self.ask(method, path + ("" if method == "GET" else "?claim=none"))
            self.assertEqual(nobody.status, status, nobody)
            if method == "PUT":
                self.ask("DELETE", path + "?claim=none")
            self.ask(method, path + "?nonsense")
            self.ask(method, path, role=self.node)
            self.ask(method, path + "k" * 400 + "?claim=one")
            self.ask(method, "/v1/locks/nowhere/lock?claim=one")
        self.ask("GET", "/v1/locks/nowhere/lock")
        self.ask("GET", path + "k" * 400)
        held = self.ask("PUT", path + "?claim=one&owner=me", "value").json()
        self.assertTrue(held["held"])
        self.assertEqual(self.ask("PUT", path + "?claim=two").status, 409)
        self.assertEqual(self.ask("PUT", path + "?claim=two&wait").status, 202)
        self.assertEqual(self.ask("POST", path + "?claim=two&wait_ms=10").status, 202)
        self.assertEqual(self.ask("POST", path + "?claim=three").status, 409)
        self.assertEqual(self.ask("POST", path + "?claim=one").json()["token"], held["token"])
        seen = self.ask("GET", path).json()
        self.assertEqual((seen["owner"], seen["value"], seen["waiting"]), ("me", "value", 1))
        self.ask("DELETE", path + "?claim=one")
        self.assertGreater(self.ask("POST", path + "?claim=two").json()["token"], held["token"])
        late = f"/v1/kv/api/guarded?fence=api/lock:{held['token']}"
        self.assertEqual(self.ask("PUT", late, "v").json()["code"], "fenced")
        self.assertEqual(self.ask("DELETE", late).json()["code"], "fenced")
        self.ask("DELETE", path + "?claim=two")

    def exercise_spaces(self):
        path = "/v1/spaces/" + uuid.uuid4().hex
        admin = {"role": "admin"}
        for method in ("GET", "DELETE"):
            self.ask(method, path, **admin)
        self.ask("PUT", path, **admin, Idempotency_Key="four")
        self.ask("PUT", path, **admin, Idempotency_Key="four")
        self.ask("PUT", path, '{"split":2}', **admin, **JSON, Idempotency_Key="four")
        self.ask("PUT", path, **admin)
        self.ask("PUT", path, **admin, If_None_Match="*")
        self.ask("PUT", path, "{}", **admin)
        self.ask("PUT", "/v1/spaces/" + uuid.uuid4().hex,
                 json.dumps({"split_at": [f"k{n:03}" for n in range(256)]}), **admin, **JSON)
        self.ask("GET", "/v1/spaces", **admin)
        self.ask("GET", path, **admin)
        for method, there in (("GET", "/v1/spaces"), ("GET", path), ("PUT", path),
                              ("DELETE", path)):
            self.ask(method, there + "?nonsense", **admin)
            self.ask(method, there)
        self.ask("DELETE", path, **admin, Idempotency_Key="five")
        self.ask("DELETE", path, **admin, Idempotency_Key="five")
        self.ask("DELETE", path, "and a body", **admin, Idempotency_Key="five")

    def exercise_the_cluster(self):
        for path in ("/v1/status", "/v1/tree", "/v1/actors/node/client"):
            self.ask("GET", path, role="admin")
            self.ask("GET", path + "?nonsense", role="admin")
            self.ask("GET", path)
        self.ask("GET", "/v1/tree?node=1", role="admin")
        self.ask("GET", "/v1/tree?node=9", role="admin")
        self.ask("GET", "/v1/actors/node/client?node=9", role="admin")
        self.ask("GET", "/v1/actors/node/nobody", role="admin")
        self.ask("GET", "/v1/kv/api/traced", traceparent=f"00-{7:032x}-{7:016x}-01")
        for trace in (f"{7:032x}", f"{8:032x}", "nonsense"):
            self.ask("GET", f"/v1/traces/{trace}", role="admin")
            self.ask("GET", f"/v1/traces/{trace}")

    # -- the tests -----------------------------------------------------------------------

    def test_every_route_and_status_that_is_described_answers_as_described(self):
        self.node = (self.cluster.node(1)["data"] + ".pem", self.cluster.node(1)["data"] + ".key")
        self.assertEqual(self.ask("PUT", "/v1/spaces/api", role="admin").status, 201)
        self.exercise_health()
        self.exercise_keys()
        self.exercise_lists_and_batches()
        self.exercise_watches_and_the_past()
        self.exercise_transactions()
        self.exercise_conflicts()
        self.exercise_locks()
        self.exercise_spaces()
        self.exercise_the_cluster()
        described = {(method, path, status)
                     for path, item in self.document["paths"].items()
                     for method in METHODS & set(item)
                     for status in item[method]["responses"]}
        missing = {one for one in described - self.seen if one[2] not in ELSEWHERE}
        self.assertEqual(missing, set(), "described, and never answered")

    def test_other_methods_are_refused_and_other_paths_unknown(self):
        samples = {"{space}": "api", "{key}": "k", "{id}": "node", "{name}": "lock"}
        for path, item in self.document["paths"].items():
            for name, value in samples.items():
                path = path.replace(name, value)
            for method in METHODS | {"patch", "options"}:
                # A stream would not end.
                asked = path + "?nonsense" if "/watch/" in path else path
                reply = self.raw(method.upper(), asked, role="admin")
                if method in item:
                    self.assertNotEqual(reply.status, 405, path)
                else:
                    self.assertEqual(reply.status, 405, f"{method} {path} is not described")
                    allowed = set(reply.headers["Allow"].lower().split(", "))
                    self.assertEqual(allowed, METHODS & set(item), path)
        for path in ("/v1", "/v1/kv", "/v1/watch", "/openapi.json"):
            self.assertEqual(self.raw("GET", path, role="admin").status, 404, path)

    def test_every_reference_leads_somewhere_and_everything_is_used(self):
        text = json.dumps(self.document)
        for reference in re.findall(r'"\$ref": "([^"]+)"', text):
            resolve(reference, self.document)
        for kind, parts in self.document["components"].items():
            for name in parts:
                if kind != "securitySchemes":
                    self.assertIn(f'"#/components/{kind}/{name}"', text, "never used")


class Schemas(unittest.TestCase):
    """The check can fail."""

    def test_what_is_not_as_described_is_found(self):
        wrong = [
            ({"type": "object"}, []), ({"type": "integer"}, True), ({"type": "string"}, 1),
            ({"required": ["a"]}, {}), ({"properties": {"a": {"type": "string"}}}, {"a": 1}),
            ({"additionalProperties": False}, {"a": 1}),
            ({"additionalProperties": {"type": "string"}}, {"a": 1}),
            ({"items": {"type": "string"}}, [1]), ({"enum": ["a"]}, "b"), ({"const": "a"}, "b"),
            ({"pattern": "^a$"}, "b"), ({"minimum": 1}, 0), ({"maximum": 1}, 2),
            ({"minItems": 1}, []), ({"maxItems": 0}, [1]), ({"minLength": 1}, ""),
            ({"maxLength": 1}, "ab"), ({"oneOf": [{"type": "string"}, {"const": "a"}]}, "a"),
            ({"$ref": "#/a"}, 1),
        ]
        for schema, value in wrong:
            self.assertNotEqual(problems(value, schema, {"a": {"type": "string"}}), [], schema)
        right = [({"type": "integer", "minimum": 1}, 1), ({"$ref": "#/a"}, "x"),
                 ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, 1)]
        for schema, value in right:
            self.assertEqual(problems(value, schema, {"a": {"type": "string"}}), [], schema)
        with self.assertRaises(ValueError):
            problems(1, {"multipleOf": 2}, {})


if __name__ == "__main__":
    unittest.main()
