#!/usr/bin/env python3
"""tests_by_kind.py BUILD plain|caf: names of the unit tests and transcripts.

`caf` are those that link CAF, `plain` the others: machines, storage, codecs.
Undefined behaviour is looked for in the one kind and address errors in the
other, since both sanitizers at once take 18 to 26 s a file that includes CAF.
"""

import json
import os
import subprocess
import sys


def introspect(build, what):
    out = subprocess.run(["meson", "introspect", build, what],
                         check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def links_caf(build, program):
    out = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", program],
                         check=True, capture_output=True, text=True)
    return "caf_core" in out.stdout


def main():
    build, kind = sys.argv[1:]
    programs = {target["id"]: os.path.relpath(target["filename"][0], build)
                for target in introspect(build, "--targets")
                if target["type"] == "executable"}
    for test in introspect(build, "--tests"):
        suites = {suite.split(":")[-1] for suite in test["suite"]}
        linked = [programs[name] for name in test["depends"] if name in programs]
        if not linked or not suites & {"unit", "scenario"}:
            continue
        caf = any(links_caf(build, program) for program in linked)
        if caf == (kind == "caf"):
            print(test["name"])


main()
