"""Clusters whose disks are in a test's hands: nodes that are stopped and edited, or that
run over a disk of ours (disk/), which forgets and fails when it is told to."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))

from program import PROGRAM, Cluster, environment, present, wait_until  # noqa: E402

SHIM = os.environ.get("PRESENT_TEST_DISK", "")
SPACE = "things"


def say(line):
    print(line, flush=True)


class Disk:
    """Orders to a process that was started over our disk."""

    def __init__(self, path):
        self.path = path

    def ask(self, order, limit_s=60):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(limit_s)
            line.connect(self.path)
            line.sendall(order.encode())
            return line.makefile().readline().strip()

    def fail(self, name, skip=0, count=1):
        assert self.ask(f"fail {name} {skip} {count}") == "ok"

    def counts(self, name):
        """(syncs, of which failed)."""
        return tuple(map(int, self.ask(f"count {name}").split()))

    def lose_power(self, seed):
        """(blocks lost, blocks that were unsynced), when the files are put right."""
        return tuple(map(int, self.ask(f"lose-power {seed}").split()))

    def arm_power_loss(self, name, sync, seed, limit_s=120):
        """As `lose_power`, before the N-th next sync of a file. Gives a function that
        waits for it."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(limit_s)
        line.connect(self.path)
        line.sendall(f"lose-power-at {name} {sync} {seed}".encode())
        answers = line.makefile()
        assert answers.readline() == "armed\n"

        def wait():
            with line, answers:
                return tuple(map(int, answers.readline().split()))
        return wait


def over_disk(folder, socket_path):
    """What a process needs in its environment to run over our disk."""
    assert SHIM, "PRESENT_TEST_DISK names no library"
    return {"LD_PRELOAD": SHIM, "PRESENT_DISK_WATCH": os.path.realpath(folder),
            "PRESENT_DISK_ORDERS": socket_path}


def some_rows():
    """So many that a node that checkpoints often has done so."""
    return {f"key-{number:04}": f"value {number} " + "x" * 300 for number in range(600)}


class DiskCluster(Cluster):
    """A local cluster of which the test runs some nodes itself, so that nobody else
    starts them."""

    def __init__(self):
        super().__init__()
        self.processes = {}
        self.disks = {}

    def take(self, *numbers):
        """These nodes are down now, and the test's to start."""
        for number in numbers:
            if number in self.processes:
                self.stop(number, signal.SIGKILL)
                continue
            pid = self.node(number)["pid"]
            answer = self("node", "kill", number)
            assert answer.code == 0, answer
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), f"node {number} is down")

    def path(self, number, *names):
        return os.path.join(self.data, f"node-{number}", *names)

    def config_file(self, number):
        return os.path.join(self.data, f"node-{number}.toml")

    def configure(self, number, line):
        with open(self.config_file(number), "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def checkpoint_often(self, number):
        """This node is the test's from here on, and has much of its states on the disk."""
        self.take(number)
        self.configure(number, "checkpoint_bytes = 65536")
        self.start(number)
        self.wait_until_whole()

    def states(self, number):
        """The files of its partitions' states."""
        return sorted(glob.glob(self.path(number, "state", "*", "data.mdb")))

    def wait_until_checkpoint(self, number):
        wait_until(lambda: any(os.path.getsize(file) > 100_000 for file in self.states(number)),
                   "a checkpoint")

    def start(self, number, over_shim=False):
        more = {}
        if over_shim:
            self.disks[number] = Disk(os.path.join(self.data, f"disk-{number}"))
            more = over_disk(self.path(number), self.disks[number].path)
        with open(self.node(number)["log"], "ab") as log:
            self.processes[number] = subprocess.Popen(
                [PROGRAM, "node", "run", "--config", self.config_file(number), "-o", "json"],
                stdout=log, stderr=log, env=environment(**more))

    def stop(self, number, how=signal.SIGTERM):
        """Its exit status."""
        process = self.processes.pop(number)
        process.send_signal(how)
        return process.wait(60)

    def ended(self, number):
        """The exit status of one that ends by itself."""
        return self.processes.pop(number).wait(60)

    def tend(self):
        """Starts those again that ended by themselves, as `up` and systemd do."""
        for number, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(number, over_shim=number in self.disks)

    def log(self, number):
        with open(self.node(number)["log"], encoding="utf-8", errors="replace") as file:
            return file.read()

    def status(self):
        answer = self("status", "--timeout", "2s")
        return answer.json() if answer.out else None

    def is_whole(self, nodes=3):
        """All replicas are there and as their leaders have them."""
        seen = self.status()
        return (seen and seen["available"]
                and sum(node["state"] == "up" for node in seen["nodes"]) == nodes
                and all(replica["lag"] == 0 and replica["state"] in ("leader", "follower")
                        for row in seen["partitions"] for replica in row["replicas"]))

    def is_available(self):
        seen = self.status()
        return seen and seen["available"]

    def wait_until_whole(self):
        def whole():
            self.tend()
            return self.is_whole()
        wait_until(whole, "all replicas are there and caught up", 120)

    def leads(self, number):
        seen = self.status()
        return [row["id"] for row in seen["partitions"] if row["leader"] == number] if seen else []

    def make_space(self, rows):
        """A space over all partitions, with these rows."""
        answer = self("space", "create", SPACE, "--split", 4)
        assert answer.code == 0, answer
        self.put(rows)

    def put(self, rows):
        file = os.path.join(self.data, "rows.jsonl")
        with open(file, "w", encoding="utf-8") as out:
            for key, value in rows.items():
                out.write(json.dumps({"key": key, "value": value}) + "\n")
        # The same rows again, where a leader was lost in between.
        wait_until(lambda: self("kv", "import", SPACE, file).code == 0, "the rows are in")

    def rows(self):
        """What the cluster answers; an error is none."""
        answer = self("kv", "export", SPACE, "--timeout", "30s")
        assert answer.code == 0, answer
        read = [json.loads(line) for line in answer.out.splitlines()]
        return {row["key"]: row["value"] for row in read}

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        super().close()


__all__ = ["DiskCluster", "Disk", "SPACE", "over_disk", "present", "say", "shutil", "wait_until"]
