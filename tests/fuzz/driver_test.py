"""The driver finds what is broken: driver_test.py PROGRAM, of broken_target.cpp."""

import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


class Driver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_driver(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                              text=True, check=False, timeout=120)

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_honest_inputs_alone_find_nothing(self):
        done = self.run_driver()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "2 inputs and 0 mutations of them\n")

    def test_a_mutation_finds_it_and_what_is_left_shows_it_again(self):
        done = self.run_driver("--mutations", "10000")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("broken promise: a length is within its message", done.stderr)
        self.assertIn("the input is in finding.bin", done.stderr)
        again = self.run_driver("finding.bin")
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("broken promise", again.stderr)

    def test_an_endless_loop_is_found(self):
        with open(self.path("loop"), "wb") as file:
            file.write(b"\x01an endless loop")
        done = self.run_driver("loop")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("an input takes too long", done.stderr)

    def test_honest_inputs_are_written_for_a_corpus(self):
        os.mkdir(self.path("corpus"))
        self.assertEqual(self.run_driver("--write-honest", "corpus").returncode, 0)
        self.assertEqual(sorted(os.listdir(self.path("corpus"))), ["honest-0", "honest-1"])
        done = self.run_driver("corpus")
        self.assertEqual(done.stdout, "4 inputs and 0 mutations of them\n")

    def test_a_corpus_that_is_not_there_is_an_error(self):
        self.assertEqual(self.run_driver("nowhere").returncode, 2)


if __name__ == "__main__":
    unittest.main()
