"""Hosts of a test's own: network namespaces on one bridge, which is in a namespace too."""

import os
import shutil
import signal
import subprocess
import tempfile

from program import COMMAND_LIMIT_S, PROGRAM, Answer, environment

SUBNET = "10.77.0."


def can_be_made():
    """Root, and iproute2. Where not, the test says so and is skipped."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"present-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode == 0:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made.returncode == 0


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True)


class Host:
    """A namespace with an address, a folder, and the processes that were started in it."""

    def __init__(self, network, number):
        self.number = number
        self.name = f"{network.prefix}-{number}"
        self.address = SUBNET + str(number)
        self.folder = os.path.join(network.folder, f"host-{number}")
        self.process = None
        os.makedirs(self.folder)
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("link", "add", "up0", "netns", self.name, "type", "veth",
           "peer", f"port{number}", "netns", network.hub)
        ip("-n", network.hub, "link", "set", f"port{number}", "master", "bridge", "up")
        ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "up0")
        ip("-n", self.name, "link", "set", "up0", "up")

    def path(self, name):
        return os.path.join(self.folder, name)

    def present(self, *arguments, **variables):
        return Answer(subprocess.run(
            ["ip", "netns", "exec", self.name, PROGRAM, *map(str, arguments)], text=True,
            capture_output=True, timeout=COMMAND_LIMIT_S, check=False,
            env=environment(**variables)))

    def start(self, *arguments):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.name, PROGRAM, *map(str, arguments)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment())

    def log(self):
        with open(self.path("log"), encoding="utf-8") as log:
            return log.read()

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
        self.process = None

    def remove(self):
        self.stop(signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)


class Network:
    """All of it, for the life of a test."""

    def __init__(self):
        self.prefix = f"present-{os.getpid()}"
        self.folder = tempfile.mkdtemp(prefix="present-hosts-")
        self.hub = f"{self.prefix}-hub"
        self.hosts = []
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.hub, "link", "set", "bridge", "up")

    def host(self):
        self.hosts.append(Host(self, len(self.hosts) + 1))
        return self.hosts[-1]

    def close(self):
        for host in self.hosts:
            host.remove()
        subprocess.run(["ip", "netns", "del", self.hub], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
