#!/usr/bin/env python3
"""count_tests.py BROKEN LOG...: adds up meson's test logs.

BROKEN is the number of runs that never came to their tests; each counts as a
failure. Prints what failed and the end of what it said (a CI may keep no more than
the end of all), then the one line that everything else reads.
"""

import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
LINES_SHOWN = 30


def main():
    passed, failed, skipped = 0, int(sys.argv[1]), 0
    for log in sys.argv[2:]:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                test = json.loads(line)
                if test["result"] in PASSED:
                    passed += 1
                elif test["result"] in SKIPPED:
                    skipped += 1
                    print(f"skipped: {test['name']}")
                else:
                    failed += 1
                    print(f"failed: {test['name']} ({test['result']})")
                    for output in ("stdout", "stderr"):
                        for said in test.get(output, "").splitlines()[-LINES_SHOWN:]:
                            print(f"  {said}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main())
