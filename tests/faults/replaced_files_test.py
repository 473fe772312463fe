"""Files of a node that are cut short while it runs, taken away, or that are of another
time (FAULTS 11, 12, 13)."""

import os
import signal
import threading
import time
import unittest

from disk_cluster import DiskCluster, say, shutil, some_rows, wait_until

VICTIM = 3


class ReplacedFiles(unittest.TestCase):
    def setUp(self):
        self.cluster = DiskCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.checkpoint_often(VICTIM)
        self.rows = some_rows()
        self.cluster.make_space(self.rows)
        self.cluster.wait_until_checkpoint(VICTIM)

    def put(self, first, last):
        more = {f"key-{number:04}": f"later {number} " + "y" * 300
                for number in range(first, last)}
        self.rows.update(more)
        self.cluster.put(more)

    def check(self, injected, began):
        self.cluster.wait_until_whole()
        recovery = time.monotonic() - began
        self.assertEqual(self.cluster.rows(), self.rows)
        # The one that was mistreated counts again: another one may go.
        self.cluster.take(1)
        wait_until(lambda: self.cluster.is_available() and self.cluster.leads(VICTIM),
                   "the node leads")
        self.assertEqual(self.cluster.rows(), self.rows)
        say(f"\ninjected: {injected}\nchecked: all rows, also through the node\n"
            f"recovery: {recovery:.1f} s")

    def end_by_bus_error(self, file):
        """Cuts a file short under the running node, which ends and names it."""
        log_from = len(self.cluster.log(VICTIM))
        os.truncate(file, 2 * 4096)  # LMDB's meta pages
        over = threading.Event()

        def touch():
            number = 0
            while not over.is_set():
                number += 1
                self.cluster("kv", "put", "things", f"key-{number % 600:04}",
                             self.rows[f"key-{number % 600:04}"], "--timeout", "2s")
        clients = [threading.Thread(target=touch) for _ in range(2)]
        for client in clients:
            client.start()
        try:
            self.assertEqual(self.cluster.ended(VICTIM), -signal.SIGBUS)
        finally:
            over.set()
            for client in clients:
                client.join()
        said = self.cluster.log(VICTIM)[log_from:]
        self.assertIn(f"present: {os.path.realpath(file)}: page ", said)
        self.assertIn("SIGBUS", said)

    def test_a_journal_is_cut_short_under_a_running_node(self):
        self.end_by_bus_error(self.cluster.path(VICTIM, "journal", "data.mdb"))
        began = time.monotonic()
        self.cluster.start(VICTIM)
        wait_until(lambda: "the journal is set aside" in self.cluster.log(VICTIM),
                   "the node says what it does")
        self.check("the journal's file is cut short while it is mapped", began)

    def test_a_state_is_cut_short_under_a_running_node(self):
        self.end_by_bus_error(max(self.cluster.states(VICTIM), key=os.path.getsize))
        began = time.monotonic()
        self.cluster.start(VICTIM)
        wait_until(lambda: "the state is set aside" in self.cluster.log(VICTIM),
                   "the node says what it does")
        self.check("a state's file is cut short while it is mapped", began)

    def put_back(self, *below, seen=500, missed=0):
        """What is below the node's folder becomes what it was so many writes ago, of
        which it has seen some. Returns when the node was started."""
        self.cluster.stop(VICTIM)
        folder = self.cluster.path(VICTIM, *below)
        shutil.copytree(folder, folder + ".old")
        self.cluster.start(VICTIM)
        self.cluster.wait_until_whole()
        self.put(0, seen)
        self.cluster.stop(VICTIM)
        if missed:
            self.put(seen, seen + missed)
        shutil.rmtree(folder)
        os.rename(folder + ".old", folder)
        began = time.monotonic()
        self.cluster.start(VICTIM)
        return began

    def check_noticed(self):
        """By the node itself, and by those who remember more of it (P19)."""
        wait_until(lambda: "this store has gone back" in self.cluster.log(VICTIM),
                   "the node says that its files are old")
        for number in (1, 2):
            wait_until(lambda at=number: "a peer's store has gone back" in self.cluster.log(at),
                       f"node {number} says that node {VICTIM}'s files are old")

    def test_old_files_are_put_back(self):
        began = self.put_back(seen=300, missed=100)
        self.check_noticed()
        self.check("the node's folder is as it was hundreds of writes before", began)

    def test_an_old_state_is_put_back_beside_the_journal(self):
        began = self.put_back("state")
        self.check("its states are old, its journal isn't", began)

    def test_an_old_journal_is_put_back_beside_the_states(self):
        began = self.put_back("journal")
        self.check_noticed()
        self.check("its journal is old, its states aren't", began)

    def test_the_data_folder_is_deleted(self):
        self.cluster.stop(VICTIM, signal.SIGKILL)
        shutil.rmtree(self.cluster.path(VICTIM))
        began = time.monotonic()
        self.put(0, 50)
        self.cluster.start(VICTIM)
        self.check("the data folder is gone", began)


if __name__ == "__main__":
    unittest.main()
