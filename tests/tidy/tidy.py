#!/usr/bin/env python3
"""tidy.py check ROOT NAME: what in the tree breaks the rule of module NAME.
tidy.py self-test NAME: shows that the rule fails where it should, only there.
"""

import importlib
import sys

sys.dont_write_bytecode = True

from tree import load  # noqa: E402


def check(root, rule):
    found = rule.complaints(load(root))
    for line in found:
        print(line)
    return 1 if found else 0


def self_test(rule):
    failures = 0
    for wanted, examples in (("a complaint", rule.BAD), ("none", rule.GOOD)):
        for example in examples:
            found = rule.complaints(example)
            if bool(found) != (wanted == "a complaint"):
                failures += 1
                print(f"wanted {wanted}, got {found} for:")
                for path, text in example.items():
                    print(f"--- {path}\n{text[:300]}")
    if not rule.BAD or not rule.GOOD:
        failures += 1
        print("a rule needs examples on both sides")
    return 1 if failures else 0


def main():
    if sys.argv[1] == "check":
        return check(sys.argv[2], importlib.import_module(sys.argv[3]))
    return self_test(importlib.import_module(sys.argv[2]))


sys.exit(main())
