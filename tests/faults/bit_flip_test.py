"""Bits flipped, one at a time, in what a stopped node keeps on its disk (FAULTS 11).

    bit_flip_test.py PROGRAM [--flips N] [--seed S]

The flips go round over journal, states and configuration (its file, certificate, keys).
Each time the node is started again and must come to the whole: what is read through the
cluster, and through that node where it leads, is what was written. A start that is
refused names the file, and the file is put right, as an operator would; a journal or a
state nobody puts right but the node itself. What is flipped in bytes of these that
something reads must be found, at the start or by the scrub; `lmdb_regions.py` says which
those are.
"""

import argparse
import collections
import os
import random
import signal
import time

from disk_cluster import DiskCluster, say, wait_until
from lmdb_regions import LmdbFile, Region

VICTIM = 3
SCRUB_LIMIT_S = 60
TEXT = Region("text", True)
FOUND = ("is set aside", "is damaged", "damage found", "the log is shorter")


class Flips:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.cluster = DiskCluster()
        self.rows = {f"key-{number:04}": f"value {number} " + "x" * (number % 700)
                     for number in range(400)}
        self.results = collections.Counter()
        self.slowest_s = 0

    def begin(self):
        self.cluster.checkpoint_often(VICTIM)
        self.cluster.make_space(self.rows)
        self.cluster.wait_until_checkpoint(VICTIM)

    def files(self, kind):
        if kind == "journal":
            return [self.cluster.path(VICTIM, "journal", "data.mdb")]
        if kind == "state":
            return self.cluster.states(VICTIM)
        base = self.cluster.path(VICTIM)
        return [base + ending for ending in (".toml", ".pem", ".key", ".storage-key")]

    def flip(self, kind):
        """(file, its bytes before)."""
        files = self.files(kind)
        sizes = [os.path.getsize(file) for file in files]
        # Configuration by file, the rest by size.
        file = self.random.choices(files, sizes if kind != "configuration" else None)[0]
        with open(file, "rb") as source:
            before = source.read()
        if kind == "configuration":
            place, region = self.place_in_text(file, before), TEXT
        else:
            place, region = self.place_in_pages(LmdbFile(before))
        changed = bytearray(before)
        changed[place] ^= 1 << self.random.randrange(8)
        with open(file, "r+b") as target:
            target.write(changed)
        return file, before, place, region

    def place_in_pages(self, file):
        """Any byte, or as often one that something reads: many files are mostly room."""
        places = range(len(file.regions))
        if self.random.random() < 0.5:
            places = [place for place in places if file.at(place).read]
        place = self.random.choice(places)
        return place, file.at(place)

    def place_in_text(self, file, before):
        while True:
            place = self.random.randrange(len(before))
            if not self.is_of_data_folder(file, before, place):
                return place

    @staticmethod
    def is_of_data_folder(file, content, place):
        """A node whose data folder has another name begins a store there: somewhere on
        this machine."""
        line = content[content.rfind(b"\n", 0, place) + 1:]
        return file.endswith(".toml") and line.startswith(b"data =")

    def put_right(self, file, before):
        """As an operator does with a configuration that is refused."""
        with open(file, "r+b") as target:
            target.write(before)
            target.truncate()

    def ends_or_serves(self, log_from):
        """Its exit status, or None once all replicas are there."""
        process = self.cluster.processes[VICTIM]

        def seen():
            if process.poll() is not None:
                return "ended"
            return self.cluster.is_whole() and "whole"
        try:
            if wait_until(seen, "the node is whole or has ended", self.patience) == "ended":
                self.cluster.processes.pop(VICTIM)
                return process.returncode
        except AssertionError:
            return "never whole"
        return None

    def once(self, kind):
        self.cluster.stop(VICTIM, self.random.choice((signal.SIGTERM, signal.SIGKILL)))
        file, before, place, region = self.flip(kind)
        name = os.path.relpath(file, self.cluster.data)
        log_from = len(self.cluster.log(VICTIM))
        began = time.monotonic()
        self.cluster.start(VICTIM)
        # A changed address can be as good as any to the node itself.
        self.patience = 10 if kind == "configuration" else 120
        how = self.ends_or_serves(log_from)
        said = self.cluster.log(VICTIM)[log_from:]
        if how is not None:
            assert kind == "configuration", f"{name}, byte {place}: {how}\n{said}"
            if how == "never whole":
                self.cluster.stop(VICTIM)
            else:
                # A wrong name in the node's file is found where that leads to.
                named = file.endswith(".toml") or os.path.basename(file) in said
                assert how in (1, 2, 3) and '{"code":' in said and named, \
                    f"{name}, byte {place}: exit {how}\n{said}"
            self.put_right(file, before)
            self.cluster.start(VICTIM)
            self.cluster.wait_until_whole()
            result = "refused"
        else:
            result = self.found_or_harmless(kind, f"{name}, byte {place}", region, log_from)
            if kind == "configuration":
                self.put_right(file, before)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        read = self.cluster.rows()
        assert read == self.rows, f"{name}, byte {place}: wrong rows\n{said}"
        self.results[kind, region.name, result] += 1
        return f"{name} byte {place}, {region.name}: {result}"

    def found_or_harmless(self, kind, what, region, log_from):
        """Of a node that serves. What nobody reads is not looked for."""
        def is_found():
            return any(word in self.cluster.log(VICTIM)[log_from:] for word in FOUND)
        if region.read and kind != "configuration":
            wait_until(is_found, f"{what}, {region.name}: found", SCRUB_LIMIT_S)
        return "found" if is_found() else "harmless"

    def check_as_leader(self):
        """The node that was mistreated is one of two that are left, and leads."""
        self.cluster.take(1)
        wait_until(lambda: self.cluster.is_available() and self.cluster.leads(VICTIM),
                   "the node leads")
        assert self.cluster.rows() == self.rows
        led = self.cluster.leads(VICTIM)
        self.cluster.start(1)
        return led


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    say(f"seed {options.seed}")
    flips = Flips(options.seed)
    try:
        flips.begin()
        for number in range(options.flips):
            kind = ("journal", "state", "configuration")[number % 3]
            done = flips.once(kind)
            if options.v:
                say(f"{number}: {done}")
            if number % 30 == 29:
                flips.check_as_leader()
        led = flips.check_as_leader()
    finally:
        flips.cluster.close()
    say(f"injected: {options.flips} bit flips, one at a time\nchecked: all rows, after each; "
        f"at the end through node {VICTIM}, which leads partitions {led}")
    for (kind, region, result), count in sorted(flips.results.items()):
        say(f"{kind}, {region}: {count} {result}")
    say(f"recovery: {flips.slowest_s:.1f} s at the worst")


if __name__ == "__main__":
    main()
