"""A program that links the client as it is installed: tools/example."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from program import Cluster, environment

BUILD = os.path.abspath(sys.argv.pop(1))
EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "example")
ACCOUNTS = "alice 70\nbob 130\ncarol 250\nsum 450\n"


def do(*command, **variables):
    done = subprocess.run(command, text=True, capture_output=True, timeout=400, check=False,
                          env=environment(**variables))
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class InstalledClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="present-install-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        do("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
           "--destdir", cls.folder)
        cls.prefix = cls.find("present-client.pc").split("/lib/")[0]
        cls.built = os.path.join(cls.folder, "example")
        shutil.copytree(EXAMPLE, cls.built)
        # Where it would be without the folder that stands in for the machine's root.
        tool = os.path.join(cls.folder, "pkg-config")
        with open(tool, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec pkg-config --define-variable=prefix={cls.prefix} "$@"\n')
        os.chmod(tool, 0o755)
        path = os.path.dirname(cls.find("present-client.pc"))
        do("make", "-C", cls.built, f"PKG_CONFIG={tool}", PKG_CONFIG_PATH=path)
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)

    @classmethod
    def find(cls, name):
        for folder, _, files in os.walk(cls.folder):
            if name in files:
                return os.path.join(folder, name)
        raise AssertionError(f"{name} is not installed")

    def run_it(self, *arguments):
        return subprocess.run([os.path.join(self.built, "accounts"), *arguments], text=True,
                              capture_output=True, timeout=60, check=False)

    def test_it_builds_and_does_its_work(self):
        file = self.cluster.file()
        who = [file["nodes"][1]["rpc"], file["ca"], file["client_cert"], file["client_key"]]
        early = self.run_it(*who)
        self.assertEqual(early.returncode, 1, early)
        self.assertRegex(early.stderr, r"unknown_space, trace [0-9a-f]{32}\)")
        self.assertEqual(self.cluster("space", "create", "accounts", "--split", "4").code, 0)
        done = self.run_it(*who)
        self.assertEqual((done.returncode, done.stdout), (0, ACCOUNTS), done)
        seen = self.cluster("kv", "get", "accounts", "bob").json()
        self.assertEqual(seen["value"], "130")

    def test_a_key_that_is_not_there_is_said(self):
        lost = self.run_it("127.0.1.1:1", "/nonexistent", "x", "y")
        self.assertEqual(lost.returncode, 1)
        self.assertIn("/nonexistent", lost.stderr)

    def test_the_installed_program_runs(self):
        said = do(self.find("present"), "--version")
        self.assertRegex(said, r"^\d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
