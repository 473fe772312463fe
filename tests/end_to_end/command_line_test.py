"""Commands against a live cluster: answers, exit codes, errors' bodies."""

import json
import os
import signal
import tempfile
import unittest

from program import Cluster, present, wait_until

BODY = {"code", "message", "outcome", "retryable", "retry_after_ms", "trace_id"}


class OnACluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        made = cls.cluster("space", "create", "test")
        assert made.code == 0, made

    def assert_problem(self, answer, exit_code, code, outcome="not_applied"):
        self.assertEqual(answer.code, exit_code, answer)
        self.assertEqual(answer.out, "", "data on stdout, talk on stderr")
        problem = answer.problem()
        self.assertLessEqual(BODY, set(problem), answer)
        self.assertEqual((problem["code"], problem["outcome"]), (code, outcome), answer)
        return problem

    def test_put_get_delete(self):
        written = self.cluster("kv", "put", "test", "color", "blue")
        self.assertEqual(written.code, 0, written)
        read = self.cluster("kv", "get", "test", "color")
        self.assertEqual(read.json(), {"key": "color", "value": "blue",
                                       "version": written.json()["version"]})
        self.assertEqual(self.cluster("kv", "delete", "test", "color").code, 0)
        self.assert_problem(self.cluster("kv", "get", "test", "color"), 3, "not_found")

    def test_the_value_alone_for_pipes(self):
        self.cluster("kv", "put", "test", "plain", "-", stdin="from a pipe")
        read = present("kv", "get", "test", "plain", "--data", self.cluster.data)
        self.assertEqual((read.code, read.out), (0, "from a pipe\n"))

    def test_conditions(self):
        first = self.cluster("kv", "put", "test", "once", "1", "--if-absent")
        self.assertEqual(first.code, 0, first)
        version = first.json()["version"]
        again = self.cluster("kv", "put", "test", "once", "2", "--if-absent")
        problem = self.assert_problem(again, 4, "version_conflict")
        self.assertEqual(problem["current_version"], version)
        moved = self.cluster("kv", "cas", "test", "once", version, "3")
        self.assertEqual(moved.code, 0, moved)
        self.assertGreater(moved.json()["version"], version)
        self.assert_problem(self.cluster("kv", "cas", "test", "once", version, "4"), 4,
                            "version_conflict")
        self.assert_problem(self.cluster("kv", "cas", "test", "once", 0, "4"), 4,
                            "version_conflict")

    def test_a_watch_prints_changes_and_goes_on_from_its_token(self):
        first = self.cluster("kv", "put", "test", "watched", "1").json()["version"]
        self.cluster("kv", "put", "test", "watched", "2")
        self.cluster("kv", "delete", "test", "watched")
        seen = self.cluster("kv", "watch", "test", "watched", "--from", f"@{first}", "--limit", 2)
        lines = [json.loads(line) for line in seen.out.splitlines()]
        self.assertEqual([line["event"] for line in lines], ["started", "put", "delete"], seen)
        self.assertEqual(lines[1]["value"], "2")
        rest = self.cluster("kv", "watch", "test", "watched", "--from", lines[1]["token"],
                            "--limit", 1)
        self.assertEqual(json.loads(rest.out.splitlines()[-1])["event"], "delete", rest)
        self.assert_problem(self.cluster("kv", "watch", "test", "--from", "x"), 2, "invalid")

    def test_a_key_is_read_as_it_was(self):
        first = self.cluster("kv", "put", "test", "past", "1").json()["version"]
        self.assertEqual(self.cluster("kv", "get", "test", "past", "--at", first).json()["value"],
                         "1")
        self.cluster("kv", "put", "test", "past", "2")
        self.assert_problem(self.cluster("kv", "get", "test", "past", "--at", first), 4, "too_old")

    def test_a_space_keeps_as_many_versions_as_it_is_told_to(self):
        self.assertEqual(self.cluster("space", "create", "kept", "--versions", 3).code, 0)
        at = [self.cluster("kv", "put", "kept", "k", n).json()["version"] for n in range(3)]
        removed = self.cluster("kv", "delete", "kept", "k").json()["version"]
        for version, value in ((at[1], "1"), (at[2], "2")):
            read = self.cluster("kv", "get", "kept", "k", "--at", version)
            self.assertEqual(read.json()["value"], value, read)
        self.assert_problem(self.cluster("kv", "get", "kept", "k", "--at", at[0]), 4, "too_old")
        self.assert_problem(self.cluster("kv", "get", "kept", "k", "--at", removed), 3,
                            "not_found")
        rows = self.cluster("kv", "scan", "kept", "--at", at[2]).json()
        self.assertEqual([row["value"] for row in rows], ["2"])
        self.assertEqual(self.cluster("space", "create", "none", "--versions", 101).code, 2)

    def txn(self, body, *flags):
        return self.cluster("txn", "-f", "-", *flags, stdin=json.dumps(body))

    def test_a_transaction_is_all_or_nothing(self):
        def count(key, number=1):
            return {"op": "add", "space": "test", "key": key, "number": number}

        done = self.txn({"then": [count("txn/a", 5), count("txn/b", -5),
                                  {"op": "append", "space": "test", "key": "txn/log",
                                   "element": "five"}]})
        self.assertEqual(done.code, 0, done)
        first = done.json()
        self.assertEqual([one.get("value") for one in first["results"]], [5, -5, None])
        self.assertEqual({one["version"] for one in first["results"]}, {first["version"]})
        compare = [{"space": "test", "key": "txn/a", "version": first["version"]}]
        reads = [{"op": "get", "space": "test", "key": "txn/log"},
                 {"op": "get", "space": "test", "key": "txn/none"}]
        moved = self.txn({"compare": compare, "then": [count("txn/a")], "else": reads}).json()
        self.assertTrue(moved["succeeded"])
        missed = self.txn({"compare": compare, "then": [count("txn/a")], "else": reads}).json()
        self.assertFalse(missed["succeeded"])
        self.assertEqual(missed["results"], [
            {"found": True, "type": "list", "value": ["five"], "version": first["version"]},
            {"found": False}])
        # The second step can't be done: the first hasn't been either.
        self.cluster("kv", "put", "test", "txn/text", "plain")
        self.assert_problem(self.txn({"then": [count("txn/a"), count("txn/text")]}), 2, "invalid")
        read = self.txn({"then": [{"op": "get", "space": "test", "key": "txn/a"}]}).json()
        self.assertEqual(read["results"][0]["value"], 6)

    def test_a_transaction_compares_and_writes_in_several_partitions(self):
        made = self.cluster("space", "create", "wide", "--split-at", "i,q")
        self.assertEqual(made.code, 0, made)
        low, high = "a", "zz"

        def place(key, **more):
            return {"space": "wide", "key": key, **more}

        claim = {"compare": [place(low, exists=False), place(high, exists=False)],
                 "then": [place(low, op="put", value="mine"), place(high, op="put", value="mine")],
                 "else": [place(high, op="get"), place(low, op="append", element="late")]}
        first = self.txn(claim).json()
        self.assertTrue(first["succeeded"], first)
        self.assertEqual({one["version"] for one in first["results"]}, {first["version"]})
        # What was there can't be appended to: nothing is done, and the other branch's
        # steps are no trouble.
        self.assert_problem(self.txn(claim), 2, "invalid")
        claim["else"] = [place(high, op="get"), place("m", op="add", number=1)]
        second = self.txn(claim).json()
        self.assertFalse(second["succeeded"], second)
        self.assertEqual(second["results"][0],
                         {"found": True, "value": "mine", "version": first["version"]})
        self.assertEqual(second["results"][1]["value"], 1)
        looks = {"compare": [place(low, value="mine"), place(high, version=first["version"])],
                 "then": [place("m", op="get")]}
        looked = self.txn(looks).json()
        self.assertTrue(looked["succeeded"], looked)
        self.assertEqual(looked["results"][0]["value"], 1)

    def test_a_transaction_that_is_none_is_named_by_its_place(self):
        answer = self.txn({"then": [{"op": "push", "space": "test", "key": "k"}]})
        problem = self.assert_problem(answer, 2, "invalid")
        self.assertTrue(problem["message"].startswith("-: then[0].op: 'push' is none of"), problem)
        self.assert_problem(self.txn({"then": [{"op": "get", "space": "nowhere", "key": "k"}]}),
                            3, "unknown_space")
        self.assertEqual(self.cluster("txn").code, 2)

    def test_scan_in_order(self):
        for key in ("s/b", "s/a", "s/c", "t"):
            self.cluster("kv", "put", "test", key, key.upper())
        rows = self.cluster("kv", "scan", "test", "--prefix", "s/").json()
        self.assertEqual([row["key"] for row in rows], ["s/a", "s/b", "s/c"])
        rows = self.cluster("kv", "scan", "test", "--prefix", "s/", "--start", "s/b",
                            "--limit", "1", "--keys-only").json()
        self.assertEqual([list(row) for row in rows], [["key", "version"]])

    def test_import_and_export(self):
        lines = [{"key": f"bulk/{number:04}", "value": str(number)} for number in range(50)]
        lines.append({"key": "YnVsay//", "value": "AP8=", "encoding": "base64"})
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            done = self.cluster("kv", "import", "test", file.name)
            self.assertEqual(done.code, 0, done)
            self.assertEqual(done.json()["imported"], 51)
        out = self.cluster("kv", "export", "test", "--prefix", "bulk/").out
        back = [json.loads(line) for line in out.splitlines()]
        for record in back:
            self.assertGreater(record.pop("version"), 0)
        self.assertEqual(back, lines)
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write('{"key": "a", "value": "b"}\n{"key": "a"}\n')
            file.flush()
            bad = self.cluster("kv", "import", "test", file.name)
            self.assertIn(f"{file.name}:2: ", self.assert_problem(bad, 2, "invalid")["message"])

    def test_limits_and_names(self):
        self.assert_problem(self.cluster("kv", "get", "nowhere", "k"), 3, "unknown_space")
        long_key = self.cluster("kv", "put", "test", "k" * 401, "v")
        self.assert_problem(long_key, 2, "too_large")
        self.assertEqual(self.cluster("kv", "put", "test", "k" * 400, "v").code, 0)
        self.assertEqual(self.cluster("kv", "put", "test", "", "v").code, 2)
        large = self.cluster("kv", "put", "test", "large", "-", stdin="v" * (1 << 20))
        self.assertEqual(large.code, 0, large)
        larger = self.cluster("kv", "put", "test", "large", "-", stdin="v" * ((1 << 20) + 1))
        self.assert_problem(larger, 2, "too_large")

    def test_spaces(self):
        self.assertEqual(self.cluster("space", "create", "brief").code, 0)
        self.assert_problem(self.cluster("space", "create", "brief"), 4, "version_conflict")
        self.cluster("kv", "put", "brief", "k", "v")
        unsure = self.cluster("space", "drop", "brief")
        self.assertEqual(unsure.code, 2, "never without --yes")
        self.assertEqual(self.cluster("space", "drop", "brief", "--yes").code, 0)
        self.assert_problem(self.cluster("kv", "get", "brief", "k"), 3, "unknown_space")

    def test_status_and_tree(self):
        status = self.cluster("status")
        self.assertEqual(status.code, 0, status)
        shown = status.json()
        self.assertTrue(shown["available"] and shown["quorum"])
        self.assertEqual([node["id"] for node in shown["nodes"]], [1, 2, 3])
        for partition in shown["partitions"]:
            self.assertIn(partition["leader"], (1, 2, 3))
            self.assertEqual(len(partition["replicas"]), 3)
            self.assertEqual(partition["failures_tolerated"], 1)
        tree = self.cluster("tree").json()
        self.assertEqual(len(tree["children"]), 3)
        self.assertEqual(self.cluster("tree", "--node", "2").json()["node"], 2)

    def test_a_clients_certificate_is_no_admins(self):
        file = self.cluster.file()
        own = ["--endpoint", file["nodes"][0]["rpc"], "--ca", file["ca"], "--cert",
               file["client_cert"], "--key", file["client_key"], "-o", "json"]
        self.assertEqual(present("kv", "scan", "test", *own).code, 0)
        self.assert_problem(present("status", *own), 5, "denied")

    def test_one_address_is_enough_to_find_the_cluster(self):
        file = self.cluster.file()
        self.assertEqual(self.cluster("kv", "put", "test", "by", "one").code, 0)
        for node in file["nodes"]:
            own = ["--endpoint", node["rpc"], "--ca", file["ca"], "--cert",
                   file["client_cert"], "--key", file["client_key"], "-o", "json"]
            read = present("kv", "get", "test", "by", *own)
            self.assertEqual(read.json()["value"], "one", read)
            self.assert_problem(present("kv", "get", "nowhere", "k", *own), 3, "unknown_space")

    def test_a_foreign_certificate_gets_nothing(self):
        file = self.cluster.file()
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(present("cert", "ca", folder).code, 0)
            made = present("cert", "client", "me", "--ca-folder", folder, "--to", folder)
            self.assertEqual(made.code, 0, made)
            answer = present("kv", "get", "test", "k", "--endpoint", file["nodes"][0]["rpc"],
                             "--ca", file["ca"], "--cert", f"{folder}/me.pem", "--key",
                             f"{folder}/me.key", "--timeout", "3s", "-o", "json")
            self.assertNotIn(answer.code, (0, 3), answer)

    def test_a_killed_leader_costs_nothing(self):
        leader = self.cluster.leader()
        self.assertEqual(self.cluster("node", "kill", leader).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        self.addCleanup(self.cluster, "node", "start", leader)
        written = self.cluster("kv", "put", "test", "after", "kill")
        self.assertEqual(written.code, 0, written)
        self.assertNotEqual(self.cluster.leader(), leader)
        self.assertEqual(self.cluster("kv", "get", "test", "after").json()["value"], "kill")

    def test_a_node_that_dies_is_started_again(self):
        before = self.cluster.node(2)["pid"]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.cluster.node(2)["pid"] not in (0, before), "a new process")
        self.cluster.wait_until_whole()

    def test_without_a_quorum_nothing_is_acknowledged(self):
        for node in (1, 2):
            self.assertEqual(self.cluster("node", "kill", node).code, 0)
        self.addCleanup(self.cluster.wait_until_whole)
        for node in (1, 2):
            self.addCleanup(self.cluster, "node", "start", node)
        answer = self.cluster("kv", "put", "test", "lonely", "v", "--timeout", "3s")
        self.assertIn(answer.code, (6, 7, 8), answer)
        self.assertIn(self.cluster("kv", "get", "test", "k", "--timeout", "3s").code, (6, 7),
                      "a read never changes anything")
        status = self.cluster("status")
        self.assertEqual(status.code, 10, status)
        self.assertFalse(status.json()["available"])

    def test_a_paused_node_goes_on(self):
        other = next(node for node in (1, 2, 3) if node != self.cluster.leader())
        self.assertEqual(self.cluster("node", "pause", other).code, 0)
        written = self.cluster("kv", "put", "test", "meanwhile", "v")
        self.assertEqual(self.cluster("node", "resume", other).code, 0)
        self.assertEqual(written.code, 0, written)
        self.cluster.wait_until_whole()

    def test_contexts(self):
        with tempfile.TemporaryDirectory() as home:
            def ask(*arguments, **more):
                return present(*arguments, "-o", "json", XDG_CONFIG_HOME=home, **more)
            file = self.cluster.file()
            self.assert_problem(ask("status"), 2, "invalid")
            self.assert_problem(ask("context", "add", "far", "--endpoint", "127.0.1.1:1"), 2,
                                "invalid")
            self.assert_problem(ask("context", "add", "a b", "--data", "."), 2, "invalid")
            made = ask("context", "add", "here", "--data", self.cluster.data)
            self.assertEqual((made.code, made.json()["current"]), (0, True), made)
            self.assertEqual(ask("status").code, 0)
            far = ask("context", "add", "far", "--endpoint", file["nodes"][0]["rpc"],
                      "--ca", file["ca"], "--cert", file["client_cert"],
                      "--key", file["client_key"])
            self.assertEqual((far.code, far.json()["current"]), (0, False), far)
            self.assert_problem(ask("context", "add", "far", "--data", "."), 4,
                                "version_conflict")
            # A client's certificate: which shows that the context is the one named.
            self.assert_problem(ask("status", "--context", "far"), 5, "denied")
            self.assert_problem(ask("status", "--context", "fra"), 3, "not_found")
            self.assert_problem(ask("status", "--context", "far", "--data", "."), 2, "invalid")
            self.assertEqual(ask("context", "use", "far").json()["current"], True)
            self.assert_problem(ask("status"), 5, "denied")
            self.assertEqual(ask("status", "--data", self.cluster.data).code, 0)
            rows = ask("context", "list").json()
            self.assertEqual([(row["name"], row["current"]) for row in rows],
                             [("far", True), ("here", False)])
            self.assertEqual(ask("context", "remove", "far").code, 0)
            self.assert_problem(ask("status"), 2, "invalid")

    def test_bench(self):
        for kind in ("put", "get", "scan", "mixed"):
            done = self.cluster("bench", kind, "--clients", 8, "--seconds", 1, "--keys", 100)
            self.assertEqual(done.code, 0, done)
            report = done.json()
            self.assertEqual(set(report), {
                "ops_per_second", "p50_ms", "p99_ms", "max_ms", "errors",
                "server_cpu_us_per_op", "client_cpu_us_per_op"})
            self.assertEqual(report["errors"], {})
            self.assertGreater(report["ops_per_second"], 0)
            self.assertLessEqual(report["p50_ms"], report["p99_ms"])
            self.assertLessEqual(report["p99_ms"], report["max_ms"])
            self.assertGreater(report["server_cpu_us_per_op"], 0)

    def test_unknown_nodes(self):
        self.assert_problem(self.cluster("node", "pause", 9), 3, "not_found")

    def test_one_cluster_runs_once(self):
        again = present("up", "--data", self.cluster.data, "-o", "json")
        self.assertIn("present down", self.assert_problem(again, 2, "invalid")["message"])


class WithoutACluster(unittest.TestCase):
    def assert_invalid(self, answer, part):
        self.assertEqual(answer.code, 2, answer)
        self.assertEqual(answer.problem()["code"], "invalid")
        self.assertIn(part, answer.problem()["message"])

    def test_usage(self):
        self.assertEqual(present("--help").code, 0)
        self.assertEqual(present("--version").code, 0)
        self.assert_invalid(present("-o", "json"), "which command? One of demo, up, ")
        self.assert_invalid(present("kv", "-o", "json"), "which command? One of get, put, ")
        self.assert_invalid(present("frobnicate", "-o", "json"), "frobnicate")
        self.assert_invalid(present("kv", "get", "-o", "json"), "space")
        self.assert_invalid(present("kv", "get", "s", "k", "-o", "json"), "--data")
        self.assert_invalid(present("status", "-o", "jsonl", "--timeout", "soon"), "soon")

    def test_a_folder_without_a_cluster(self):
        with tempfile.TemporaryDirectory() as data:
            answer = present("status", "--data", data, "-o", "json")
            self.assertEqual((answer.code, answer.problem()["code"]), (3, "not_found"))

    def test_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/present")
            path = f"{folder}/present/config.toml"
            with open(path, "w", encoding="utf-8") as file:
                file.write('output = "jsonl"\nnodes = 5\n')
            shown = present("config", "show", "--origin", XDG_CONFIG_HOME=folder,
                            PRESENT_NODES="7")
            rows = {row["name"]: row for row in map(json.loads, shown.out.splitlines())}
            self.assertEqual(rows["output"]["origin"], f"{path}:1:1")
            self.assertEqual(rows["nodes"], {"name": "nodes", "value": "7",
                                             "origin": "PRESENT_NODES"})
            with open(path, "a", encoding="utf-8") as file:
                file.write("colour = 'never'\n")
            bad = present("config", "check", "-o", "json", XDG_CONFIG_HOME=folder)
            self.assert_invalid(bad, f"{path}:3:1: unknown key 'colour'")
            self.assert_invalid(bad, "did you mean 'color'?")
            node = f"{folder}/node.toml"
            with open(node, "w", encoding="utf-8") as file:
                file.write("node = 1\nrcp = '127.0.0.1:1'\n")
            self.assert_invalid(present("config", "check", node, "-o", "json"),
                                f"{node}:2:1: unknown key 'rcp'")

    def test_completion(self):
        script = present("completion", "bash")
        self.assertEqual(script.code, 0)
        self.assertIn("'present kv get')", script.out)
        self.assertNotIn("demo-verify", script.out)

    def test_certificates(self):
        with tempfile.TemporaryDirectory() as folder:
            made = present("cert", "ca", f"{folder}/ca", "-o", "json").json()
            self.assertRegex(made["cluster"], "^[0-9a-f]{12}$")
            self.assertEqual(present("cert", "ca", f"{folder}/ca").code, 2)
            node = present("cert", "node", 3, "--ca-folder", f"{folder}/ca", "--to", folder,
                           "-o", "json").json()
            self.assertEqual(os.stat(node["key"]).st_mode & 0o777, 0o600)
            renewed = present("cert", "renew", node["certificate"], node["key"],
                              "--ca-folder", f"{folder}/ca")
            self.assertEqual(renewed.code, 0, renewed)


if __name__ == "__main__":
    unittest.main()
