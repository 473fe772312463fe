"""The program as a user starts it: commands, and a cluster for a test's life."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "present"
COMMAND_LIMIT_S = 120


class Answer:
    """How a command ended and what it said."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def problem(self):
        """The error's body: the last line of the talk."""
        return json.loads(self.err.strip().splitlines()[-1])

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


def environment(**more):
    """This process's, without what would configure the program."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("PRESENT_")}
    return {**clean, "XDG_CONFIG_HOME": "/nonexistent", **more}


def present(*arguments, stdin="", **variables):
    return Answer(subprocess.run(
        [PROGRAM, *map(str, arguments)], input=stdin, text=True,
        capture_output=True, timeout=COMMAND_LIMIT_S, check=False,
        env=environment(**variables)))


def wait_until(condition, what, limit_s=60):
    """Looks again until it holds; a slow machine only costs time."""
    deadline = time.monotonic() + limit_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s: {what}")
        signal.sigtimedwait([], 0.05)


class Cluster:
    """`present up --detach` in a folder of its own, and `down` at the end."""

    def __init__(self, nodes=3, *more, partitions=4):
        self.data = tempfile.mkdtemp(prefix="present-test-")
        started = present("up", "--detach", "--data", self.data, "--ports", "random",
                          "--nodes", nodes, "--partitions", partitions, *more, "-o", "json")
        if started.code != 0:
            log = os.path.join(self.data, "up.log")
            detail = open(log, encoding="utf-8").read() if os.path.exists(log) else ""
            shutil.rmtree(self.data, ignore_errors=True)
            raise AssertionError(f"the cluster doesn't start: {started}\n{detail}")

    def __call__(self, *arguments, **options):
        return present(*arguments, "--data", self.data, "-o", "json", **options)

    def file(self):
        with open(os.path.join(self.data, "cluster.json"), encoding="utf-8") as file:
            return json.load(file)

    def node(self, number):
        return next(node for node in self.file()["nodes"] if node["id"] == number)

    def leader(self):
        """Of the partition that has the first space."""
        def seen():
            answer = self("status", "--timeout", "2s")
            if not answer.out:
                return 0
            return answer.json()["partitions"][1]["leader"]
        return wait_until(seen, "a leader")

    def wait_until_whole(self):
        def whole():
            answer = self("status", "--timeout", "2s")
            if answer.code != 0:
                return False
            status = answer.json()
            lags = [replica["lag"] for partition in status["partitions"]
                    for replica in partition["replicas"]]
            return (all(node["state"] == "up" for node in status["nodes"])
                    and not any(lags))
        wait_until(whole, "all nodes up and caught up")

    def close(self):
        present("down", "--data", self.data)
        shutil.rmtree(self.data, ignore_errors=True)
