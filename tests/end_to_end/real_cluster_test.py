"""Hosts of their own, made a cluster by the commands of the README (A2, P19)."""

import os
import shutil
import signal
import unittest

import hosts
from program import wait_until

NODE_FILE = """\
node = {number}
cluster = "{cluster}"
data = "{folder}/data"
rpc = "{address}:7400"
http = "{address}:7401"
ca = "{folder}/ca.pem"
cert = "{folder}/node-{number}.pem"
key = "{folder}/node-{number}.key"
storage_key = "{folder}/storage-key"
"""


@unittest.skipUnless(hosts.can_be_made(), "network namespaces take root and iproute2")
class ARealCluster(unittest.TestCase):
    def setUp(self):
        self.network = hosts.Network()
        self.addCleanup(self.network.close)
        self.operator = self.network.host()
        made = self.run_here("cert", "ca", self.operator.folder)
        self.cluster = made.json()["cluster"]
        self.run_here("cert", "client", "operator", "--admin", "--ca-folder", self.operator.folder,
                      "--to", self.operator.folder)

    # -- what an operator does -------------------------------------------------------

    def run_here(self, *arguments):
        answer = self.operator.present(*arguments, "-o", "json")
        self.assertEqual(answer.code, 0, answer)
        return answer

    def with_admin(self, *arguments):
        folder = self.operator.folder
        return self.operator.present(
            *arguments, "--ca", f"{folder}/ca.pem", "--cert", f"{folder}/operator.pem",
            "--key", f"{folder}/operator.key", "-o", "json")

    def ask(self, *arguments, by=None):
        """A command to the cluster, by a node of it."""
        by = by or self.nodes[0]
        return self.with_admin(*arguments, "--endpoint", f"{by.address}:7400")

    def done(self, *arguments, **options):
        answer = self.ask(*arguments, **options)
        self.assertEqual(answer.code, 0, answer)
        return answer

    def new_node(self):
        """A host with its certificate and its file; the node runs and waits."""
        host = self.network.host()
        number = host.number - 1
        host.node = number
        self.run_here("cert", "node", number, "--ca-folder", self.operator.folder,
                      "--to", host.folder)
        shutil.copy(os.path.join(self.operator.folder, "ca.pem"), host.folder)
        with open(host.path("node.toml"), "w", encoding="utf-8") as file:
            file.write(NODE_FILE.format(number=number, cluster=self.cluster,
                                        folder=host.folder, address=host.address))
        host.start("node", "run", "--config", host.path("node.toml"))
        return host

    def found(self, count=3):
        self.nodes = [self.new_node() for _ in range(count)]
        arguments = []
        for node in self.nodes:
            arguments += ["--node", f"{node.address}:7400"]
        answer = self.with_admin("cluster", "init", *arguments, "--timeout", "60s")
        self.assertEqual(answer.code, 0, answer)
        self.wait_until_whole()
        return arguments

    def status(self, by=None):
        answer = self.ask("status", "--timeout", "2s", by=by)
        return answer.json() if answer.out else None

    def wait_until_whole(self, by=None):
        def whole():
            seen = self.status(by)
            return (seen and seen["available"]
                    and all(node["state"] in ("up", "left") for node in seen["nodes"]))
        wait_until(whole, "a whole cluster")

    def keeps(self):
        return {row["node"]: row["keeps"] for row in self.done("cluster", "members").json()}

    def write(self, first, count):
        for number in range(first, first + count):
            self.done("kv", "put", "things", f"k{number}", f"v{number}")

    def check_all(self, count, by=None):
        for number in range(count):
            found = self.done("kv", "get", "things", f"k{number}", by=by).json()
            self.assertEqual(found["value"], f"v{number}")

    # -- tests -------------------------------------------------------------------------

    def test_three_hosts_become_a_cluster_and_one_is_added_drained_and_replaced(self):
        self.found()
        self.done("space", "create", "things", "--split-at", "k3,k6")
        self.write(0, 4)
        self.assertEqual(self.keeps(), {1: 5, 2: 5, 3: 5})

        # One is added, and takes its part.
        fourth = self.new_node()
        self.done("cluster", "join", "--node", f"{fourth.address}:7400", "--wait")
        self.assertEqual(self.keeps(), {1: 4, 2: 4, 3: 4, 4: 3})
        self.write(4, 2)

        # One is drained and leaves.
        refused = self.ask("cluster", "leave", 2, "--yes")
        self.assertEqual((refused.code, refused.problem()["code"]), (4, "version_conflict"))
        self.done("cluster", "drain", 2, "--wait")
        self.done("cluster", "leave", 2, "--yes")
        self.nodes[1].stop()
        self.assertEqual(self.keeps(), {1: 5, 2: 0, 3: 5, 4: 5})
        self.write(6, 2)

        # One dies, and another comes in its place.
        self.nodes[2].stop(signal.SIGKILL)
        fifth = self.new_node()
        replaced = self.done("cluster", "replace", 3, "--node", f"{fifth.address}:7400")
        self.assertIn("node 5 is a member", replaced.err)
        self.assertEqual(self.keeps(), {1: 5, 2: 0, 3: 0, 4: 5, 5: 5})
        self.write(8, 2)
        self.wait_until_whole(by=fifth)
        self.check_all(10, by=fifth)

        # All that was moved survives the restart of all.
        for host in (self.nodes[0], fourth, fifth):
            host.stop()
        for host in (self.nodes[0], fourth, fifth):
            host.start("node", "run", "--config", host.path("node.toml"))
        self.wait_until_whole(by=fourth)
        self.check_all(10, by=fourth)

    def test_a_node_that_lost_its_data_comes_back_with_what_the_others_have(self):
        self.found()
        self.done("space", "create", "things")
        self.write(0, 3)
        victim = self.nodes[2]
        victim.stop(signal.SIGKILL)
        shutil.rmtree(victim.path("data"))
        self.write(3, 3)
        victim.start("node", "run", "--config", victim.path("node.toml"))
        wait_until(lambda: "waiting to be let in again" in victim.log(), "a stranger")
        self.wait_until_whole()
        wait_until(lambda: all(
            any(replica["node"] == 3 and replica["state"] == "follower" and replica["lag"] == 0
                for replica in row["replicas"])
            for row in self.status()["partitions"]
            if row["leader"] != 3), "node 3 caught up as a follower")
        self.nodes[1].stop(signal.SIGKILL)
        self.wait_until_lead_without(2)
        self.check_all(6)

    def wait_until_lead_without(self, node):
        wait_until(lambda: (seen := self.status()) and seen["available"]
                   and all(row["leader"] != node for row in seen["partitions"]),
                   f"leaders other than node {node}")

    def test_a_cluster_is_founded_once(self):
        asked = self.found()
        again = self.with_admin("cluster", "init", *asked)
        self.assertEqual(again.code, 0, again)
        stranger = self.new_node()
        other = self.with_admin("cluster", "init", "--node", f"{stranger.address}:7400",
                                *asked[2:])
        self.assertEqual(other.code, 0, other)  # the cluster lives: nothing is founded
        self.assertEqual(self.keeps(), {1: 5, 2: 5, 3: 5})

    def test_two_processes_do_not_share_a_data_folder(self):
        first = self.new_node()
        wait_until(lambda: "serving" in first.log(), "the first")
        second = first.present("node", "run", "--config", first.path("node.toml"), "-o", "json")
        self.assertEqual(second.code, 2, second)
        self.assertIn("another process", second.problem()["message"])


if __name__ == "__main__":
    unittest.main()
