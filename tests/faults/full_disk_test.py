"""Disks without room, each a small tmpfs of the test's own, until there is some again
(FAULTS 10)."""

import os
import subprocess
import unittest

from disk_cluster import DiskCluster, shutil
from faulty import FaultyCluster, Load, enter_own_mounts, in_timeouts, now_ns, say, wait_until

ROOM_MB = 48
SPACE = "things"


class SmallDisks(DiskCluster, FaultyCluster):
    """Each node's data is on a disk of its own, and comes to checkpoints soon."""

    def __init__(self):
        super().__init__()
        for number in (1, 2, 3):
            self.move(number)

    def move(self, number):
        self.take(number)
        folder = self.path(number)
        os.rename(folder, folder + ".before")
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "present-test", folder],
                       check=True)
        shutil.copytree(folder + ".before", folder, dirs_exist_ok=True)
        self.configure(number, "checkpoint_bytes = 1048576")
        self.start(number)
        self.wait_until_whole()

    def ballast(self, number):
        return self.path(number, "ballast")

    def fill(self, number):
        """Takes all the room that is left."""
        with open(self.ballast(number), "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError as full:
                assert full.errno == 28, full  # ENOSPC

    def empty(self, number):
        os.remove(self.ballast(number))

    def close(self):
        super().close()
        for number in (1, 2, 3):
            subprocess.run(["umount", "--lazy", self.path(number)], check=False,
                           capture_output=True)
        shutil.rmtree(self.data, ignore_errors=True)


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.cluster = SmallDisks()
        self.addCleanup(self.cluster.close)

    def has_ended(self, number):
        return self.cluster.processes[number].poll() is not None

    def test_the_leaders_disk_is_full_and_the_others_go_on(self):
        load = Load(self.cluster, "--split", 1)
        partition = self.cluster.partition_of(load.space)
        victim = self.cluster.leader_of(partition)
        begun = now_ns()
        self.cluster.fill(victim)
        wait_until(lambda: self.cluster.leader_of(partition) != victim,
                   "another node leads, whose disk has room")
        moved = now_ns()
        load.wait_until_writes_go_on()
        self.assertFalse(self.has_ended(victim), "a full disk ends no node")
        self.cluster.empty(victim)
        freed = now_ns()
        self.cluster.wait_until_whole()
        whole_s = (now_ns() - freed) / 1e9
        report = load.finish()
        recovery = load.recovery_ms(begun, moved)
        say(f"\ninjected: no room on the disk of node {victim}, which leads\nchecked: "
            f"{report['verdict']['operations']} operations are linearizable\nrecovery: writes "
            f"went on after {recovery:.0f} ms = {in_timeouts(recovery)}; the node was whole "
            f"{whole_s:.1f} s after there was room")

    def test_a_node_that_is_started_without_room_says_so(self):
        self.cluster.stop(3)
        self.cluster.fill(3)
        self.cluster.start(3)
        self.assertEqual(self.cluster.ended(3), 6)
        said = self.cluster.log(3).splitlines()[-1]
        self.assertIn('"code":"disk_full"', said)
        self.assertIn(self.cluster.path(3), said)
        self.cluster.empty(3)
        self.cluster.start(3)
        self.cluster.wait_until_whole()

    def put(self, number):
        return self.cluster("kv", "put", SPACE, f"key-{number}", "x" * 60_000, "--timeout", "3s")

    def test_all_disks_are_full_and_nothing_is_acknowledged_until_there_is_room(self):
        self.assertEqual(self.cluster("space", "create", SPACE).code, 0)
        self.assertEqual(self.put(0).code, 0)
        for number in (1, 2, 3):
            self.cluster.fill(number)
        acknowledged = [0]

        def refused():
            number = acknowledged[-1] + 1
            answer = self.put(number)
            if answer.code == 0:  # into pages that were free
                acknowledged.append(number)
            return answer if answer.code != 0 else None
        answer = wait_until(refused, "a write is refused")
        # That one may be in a log. What comes after it isn't, and is told why.
        self.assertIn(answer.problem()["code"], ("disk_full", "deadline", "unknown_outcome"))

        def told():
            return (answer := self.put(acknowledged[-1] + 1)).code == 6 and answer
        answer = wait_until(told, "clients are told why")
        self.assertEqual({name: answer.problem()[name]
                          for name in ("code", "outcome", "retryable")},
                         {"code": "disk_full", "outcome": "not_applied", "retryable": True})
        self.assertIn("waits for room on its disk", answer.problem()["message"])
        for number in (1, 2, 3):
            wait_until(lambda at=number: "No space left on device" in self.cluster.log(at),
                       f"node {number} says what it wants for")
            self.assertFalse(self.has_ended(number), f"node {number} ended")
        for number in (1, 2, 3):
            self.cluster.empty(number)
        freed = now_ns()
        last = acknowledged[-1] + 1
        wait_until(lambda: self.put(last).code == 0, "writes go on")
        recovery = (now_ns() - freed) / 1e6
        self.cluster.wait_until_whole()
        for number in acknowledged + [last]:
            answer = self.cluster("kv", "get", SPACE, f"key-{number}")
            self.assertEqual(answer.code, 0, answer)
        say(f"\ninjected: no room on any disk\nchecked: no node ends; {len(acknowledged)} "
            f"writes acknowledged before are there\nrecovery: a write was acknowledged "
            f"{recovery:.0f} ms after there was room")


if __name__ == "__main__":
    enter_own_mounts()
    unittest.main()
