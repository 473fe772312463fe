"""Nothing is left open, nothing waits on a sleep, nothing names this machine."""

import re

from tree import line_of

# In pieces, so that this file doesn't complain about itself.
RULES = [
    ("left open", r"\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b|not imple" r"mented"),
    ("waits on a sleep", r"\bsleep" r"_for\b|\busl" r"eep\s*\(|\bnano" r"sleep\s*\("
     r"|\btime\.sl" r"eep\s*\(|\bsleep" r"_until\b"),
    ("a path of one machine", r"/ho" r"me/\w|/ro" r"ot/|/wo" r"rk/|/tm" r"p/wt\b"),
    ("a registry's host", r"\b(deb|security)\.deb" r"ian\.org|registry\.npm"
     r"js\.org|\bpy" r"pi\.org|\bcra" r"tes\.io|proxy\.gol" r"ang\.org"),
]


def complaints(tree):
    found = []
    for path, text in tree.items():
        if path == "LICENSE":
            continue
        for what, pattern in RULES:
            for match in re.finditer(pattern, text):
                found.append(f"{path}:{line_of(text, match.start())}: {what} "
                             f"({match.group()})")
    return found


BAD = [
    {"storage/x.cpp": "// TO" "DO: later\n"},
    {"storage/x.cpp": "throw error(\"not imple" "mented\");\n"},
    {"tests/x.cpp": "std::this_thread::sleep" "_for(1s);\n"},
    {"tools/x.py": "time.sl" "eep(1)\n"},
    {"tools/x": "cd /ho" "me/somebody\n"},
    {"tools/x": "curl deb.deb" "ian.org\n"},
]
GOOD = [
    {"storage/x.cpp": "// waits on a condition\nhome / root\n"},
]
