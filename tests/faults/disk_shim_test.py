"""The disk of ours that programs run over (disk/) forgets and fails as it is told."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

from disk_cluster import Disk, over_disk, shutil

BLOCK = 4096

# Does what its lines of input say to one file, and says when each is done.
WRITER = """
import os, sys
flags = os.O_RDWR | os.O_CREAT
files = {"plain": os.open(sys.argv[1], flags), "through": os.open(sys.argv[1], flags | os.O_DSYNC)}
print("ready", flush=True)
for line in sys.stdin:
    verb, how, place, byte = line.split()
    try:
        if verb == "write":
            os.pwrite(files[how], byte.encode() * 4096, int(place) * 4096)
        else:
            os.fdatasync(files[how])
        print("done", flush=True)
    except OSError as error:
        print(error.errno, flush=True)
"""


class Writer:
    def __init__(self, folder):
        self.file = os.path.join(folder, "file")
        self.disk = Disk(os.path.join(folder, "orders"))
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, self.file], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, **over_disk(folder, self.disk.path)})
        assert self.process.stdout.readline() == "ready\n"

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def write(self, place, byte, how="plain"):
        return self.do(f"write {how} {place} {byte}")

    def sync(self):
        return self.do("sync plain 0 -")

    def blocks(self):
        """The first byte of each sector, block by block."""
        with open(self.file, "rb") as file:
            content = file.read()
        return [content[start:start + BLOCK:512].decode().replace("\0", ".")
                for start in range(0, len(content), BLOCK)]

    def lose_power(self, seed):
        told = self.disk.lose_power(seed)
        assert self.process.wait(60) == -signal.SIGKILL
        return told


class DiskShim(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="present-disk-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.writers = 0

    def writer(self):
        self.writers += 1
        folder = os.path.join(self.folder, str(self.writers))
        os.mkdir(folder)
        made = Writer(folder)
        self.addCleanup(made.process.stdout.close)
        self.addCleanup(made.process.stdin.close)
        self.addCleanup(made.process.wait)
        self.addCleanup(made.process.kill)
        return made

    def test_what_was_synced_stays_and_the_rest_goes_stays_or_is_torn(self):
        seen = set()
        for seed in range(1, 9):
            writer = self.writer()
            for place in range(4):
                writer.write(place, "a")
            writer.sync()
            for place in range(2, 6):
                writer.write(place, "b")
            self.assertEqual(writer.blocks(), ["a" * 8] * 2 + ["b" * 8] * 4)
            lost, unsynced = writer.lose_power(seed)
            blocks = writer.blocks()
            self.assertEqual(unsynced, 4)
            self.assertEqual(blocks[:2], ["a" * 8] * 2)
            self.assertLessEqual(len(blocks), 6)
            for block in blocks[2:4]:
                self.assertRegex(block, "^b*a*$")
            gone = 6 - len(blocks)
            self.assertEqual(lost, gone + sum(block != "b" * 8 for block in blocks[2:]))
            seen.update(blocks[2:4])
        self.assertTrue({"a" * 8, "b" * 8} < seen, seen)  # and some that is torn

    def test_the_same_seed_loses_the_same(self):
        results = []
        for _ in range(2):
            writer = self.writer()
            for place in range(20):
                writer.write(place, "a")
            told = writer.lose_power(7)
            results.append((told, writer.blocks()))
        self.assertEqual(results[0], results[1])

    def test_what_is_written_through_is_there_at_once(self):
        writer = self.writer()
        writer.write(0, "a")
        writer.write(1, "b", "through")
        writer.write(0, "c", "through")
        lost, _ = writer.lose_power(1)
        self.assertEqual(writer.blocks(), ["c" * 8, "b" * 8])
        self.assertLessEqual(lost, 1)

    def test_what_a_failed_sync_dropped_no_later_sync_brings_back(self):
        writer = self.writer()
        writer.write(0, "a")
        writer.disk.fail("file")
        self.assertEqual(writer.sync(), "5")  # EIO
        writer.write(1, "b")
        self.assertEqual(writer.sync(), "done")
        self.assertEqual(writer.disk.counts("file"), (2, 1))
        self.assertEqual(writer.blocks(), ["a" * 8, "b" * 8])  # the page cache has it
        self.assertEqual(writer.lose_power(1), (1, 1))
        self.assertEqual(writer.blocks(), ["." * 8, "b" * 8])

    def test_a_failed_write_through_says_so(self):
        writer = self.writer()
        writer.disk.fail("file", skip=1)
        self.assertEqual(writer.write(0, "a", "through"), "done")
        self.assertEqual(writer.write(0, "b", "through"), "5")
        self.assertEqual(writer.write(1, "c", "through"), "done")
        writer.lose_power(1)
        self.assertEqual(writer.blocks(), ["a" * 8, "c" * 8])

    def test_power_goes_before_the_sync_that_was_named(self):
        writer = self.writer()
        writer.write(0, "a")
        writer.sync()
        lost = writer.disk.arm_power_loss("file", 2, 3)
        writer.write(0, "b")
        writer.sync()
        for place in range(1, 9):
            writer.write(place, "c")
        self.assertEqual(writer.sync(), "")  # never answered
        told = lost()
        self.assertEqual(writer.blocks()[0], "b" * 8)
        self.assertEqual(told[1], 8)
        self.assertGreater(told[0], 0)


if __name__ == "__main__":
    unittest.main()
