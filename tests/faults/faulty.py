"""What the tests of faults share: clusters that are mistreated, clients that go on
meanwhile, and networks of our own."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))

from program import PROGRAM, Cluster, environment, present, wait_until  # noqa: E402

SKIPPED = 77  # meson's word for it
ELECTION_TIMEOUT_MS = 300
OWN_NETWORK = "PRESENT_TEST_OWN_NETWORK"
OWN_MOUNTS = "PRESENT_TEST_OWN_MOUNTS"


def say(line):
    print(line, flush=True)


def skip(why):
    say(f"skipped: {why}")
    sys.exit(SKIPPED)


def now_ns():
    """The clock of the histories: CLOCK_MONOTONIC."""
    return time.monotonic_ns()


# -- the network -------------------------------------------------------------------


def enter_own_network():
    """Goes on as the same test in a network namespace that nobody else is in. It goes
    when its last process does."""
    if os.environ.get(OWN_NETWORK):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if os.geteuid() != 0:
        skip("network namespaces need root")
    tried = subprocess.run(["unshare", "--net", "nft", "list", "tables"], check=False,
                           capture_output=True, text=True)
    if tried.returncode != 0:
        skip(f"no network namespace with nft to be had: {tried.stderr.strip()}")
    os.environ[OWN_NETWORK] = "yes"
    # program.py has taken its own argument away.
    os.execvp("unshare", ["unshare", "--net", sys.executable, sys.argv[0], PROGRAM,
                          *sys.argv[1:]])


def enter_own_mounts():
    """Goes on as the same test in a mount namespace of its own: what it mounts nobody
    else sees, and it goes when the last process does."""
    if os.environ.get(OWN_MOUNTS):
        return
    if os.geteuid() != 0:
        skip("mounts of its own need root")
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m",
                                "present-test", folder], check=False, capture_output=True,
                               text=True)
    if tried.returncode != 0:
        skip(f"no small tmpfs to be had: {tried.stderr.strip()}")
    os.environ[OWN_MOUNTS] = "yes"
    os.execvp("unshare", ["unshare", "--mount", sys.executable, sys.argv[0], PROGRAM,
                          *sys.argv[1:]])


def host(number):
    return f"127.0.1.{number}"


class Cut:
    """Packets from one node to another are dropped until `heal`."""

    def __init__(self, pairs):
        rules = "\n".join(f"ip saddr {host(source)} ip daddr {host(target)} counter drop"
                          for source, target in pairs)
        text = ("table ip faults {\nchain arriving {\ntype filter hook input priority 0;\n"
                f"{rules}\n}}\n}}\n")
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)

    def dropped(self):
        """Packets so far: a cut that met none has proven nothing."""
        listing = json.loads(subprocess.run(
            ["nft", "-j", "list", "table", "ip", "faults"], check=True,
            capture_output=True, text=True).stdout)
        return sum(expression["counter"]["packets"]
                   for entry in listing["nftables"] if "rule" in entry
                   for expression in entry["rule"]["expr"] if "counter" in expression)

    def heal(self):
        """How many packets it dropped."""
        dropped = self.dropped()
        subprocess.run(["nft", "delete", "table", "ip", "faults"], check=True)
        return dropped


def both_ways(one, others):
    return [pair for other in others for pair in ((one, other), (other, one))]


# -- the cluster --------------------------------------------------------------------


class FaultyCluster(Cluster):
    """Nodes by number; signals go to the processes that cluster.json names."""

    def pid(self, number):
        return self.node(number)["pid"]

    def config_of(self, number):
        return os.path.join(self.data, f"node-{number}.toml")

    def send(self, number, what):
        """When it was sent."""
        at = now_ns()
        os.kill(self.pid(number), what)
        return at

    def kill(self, number):
        """SIGKILL; `up` starts it again. When it was sent, and when the process was gone."""
        pid = self.pid(number)
        ended = os.pidfd_open(pid)
        sent = self.send(number, signal.SIGKILL)
        select.select([ended], [], [])
        os.close(ended)
        return sent, now_ns()

    def pause(self, number):
        """SIGSTOP, until it stands still."""
        at = self.send(number, signal.SIGSTOP)
        wait_until(lambda: self.state_of(number) == "T", f"node {number} stands still")
        return at

    def resume(self, number):
        return self.send(number, signal.SIGCONT)

    def state_of(self, number):
        with open(f"/proc/{self.pid(number)}/stat", encoding="utf-8") as file:
            return file.read().rsplit(") ", 1)[1][0]

    def status(self):
        answer = self("status", "--timeout", "2s")
        return answer.json() if answer.out else None

    def ask(self, number, *arguments):
        """An operator's verb, of this node and no other."""
        files = self.file()
        return present(*arguments, "--endpoint", self.node(number)["rpc"], "--ca", files["ca"],
                       "--cert", files["admin_cert"], "--key", files["admin_key"], "-o", "json",
                       "--timeout", "2s")

    def partition_of(self, space):
        ranges = self("space", "show", space).json()
        return ranges[0]["partition"]

    def leader_of(self, partition):
        def seen():
            status = self.status()
            found = [entry["leader"] for entry in status["partitions"]
                     if entry["id"] == partition] if status else []
            return found and found[0]
        return wait_until(seen, f"partition {partition} has a leader")

    def others(self, *numbers):
        return [node["id"] for node in self.file()["nodes"] if node["id"] not in numbers]

    def log(self, number):
        with open(self.node(number)["log"], encoding="utf-8", errors="replace") as file:
            return file.read()


# -- clients ------------------------------------------------------------------------


class Load:
    """`present workload` on a cluster, in the background, until `finish`."""

    def __init__(self, cluster, *arguments, kind="register", clients=8, seconds=300, keys=8):
        self.folder = tempfile.mkdtemp(prefix="present-load-")
        self.history_file = os.path.join(self.folder, "history.jsonl")
        self.process = subprocess.Popen(
            [PROGRAM, "workload", "--data", cluster.data, "--kind", kind, "--clients",
             str(clients), "--seconds", str(seconds), "--keys", str(keys), "--history",
             self.history_file, "-o", "json", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.cluster = cluster
        self.clients = clients
        self.space = f"workload-{self.process.pid}"
        self.history = []
        wait_until(lambda: self.space in cluster("space", "list").out, "the workload has begun")

    def wait_until_writes_go_on(self):
        """Until more was committed than can have been under way when this was asked."""
        partition = self.cluster.partition_of(self.space)

        def committed():
            status = self.cluster.status()
            return max((entry["commit"] for entry in status["partitions"]
                        if entry["id"] == partition), default=0) if status else 0
        wait_until(committed, "the partition shows what is committed")
        begun = committed()
        wait_until(lambda: committed() > begun + self.clients, "writes go on")

    def finish(self):
        """Its report, once writes go on; `history` is there afterwards."""
        self.wait_until_writes_go_on()
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, f"{self.process.returncode}\n{out}\n{err}"
        with open(self.history_file, encoding="utf-8") as file:
            self.history = [json.loads(line) for line in file]
        shutil.rmtree(self.folder)
        report = json.loads(out)
        assert report["verdict"]["is"] == "linearizable", out
        return report

    def recovery_ms(self, fault_at, effective_at=None):
        """From a fault to the first write that was begun after it (after it had its
        effect, if that took a moment) and was acknowledged: what the dead had answered,
        or was under way, is no recovery."""
        returns = [entry["return"] for entry in self.history
                   if entry["op"] in ("put", "cas") and entry["return"] and entry["ok"]
                   and entry["call"] > (effective_at or fault_at)]
        assert returns, "no write was acknowledged after the fault"
        return (min(returns) - fault_at) / 1e6


def in_timeouts(milliseconds):
    return f"{milliseconds / ELECTION_TIMEOUT_MS:.2f} T"
