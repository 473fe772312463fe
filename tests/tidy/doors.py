"""The outside is reached through runtime/edge, actors through a supervisor."""

import re

from tree import cpp, line_of, without_comments_and_strings

WALL_CLOCK = re.compile(
    r"\bchrono::system_clock\b|\bgettimeofday\s*\(|\bCLOCK_REALTIME\b|\bstd::time\s*\("
    r"|(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0)\s*\)|\butc_clock\b")
CHANCE = re.compile(r"\brandom_device\b|\bgetrandom\s*\(|(?<![\w.>:])s?rand\s*\(")
SPAWN = re.compile(r"(?<!posix_)\bspawn(_functor|_class)?\s*(<[^;(]*>)?\(")

RULES = [
    ("wall clock outside runtime/edge", WALL_CLOCK, re.compile(r"^runtime/edge/")),
    ("chance outside runtime/edge", CHANCE, re.compile(r"^runtime/edge/")),
    ("spawns outside the supervisor", SPAWN,
     re.compile(r"^(runtime/supervision/|actors/client/|tests/)")),
]


def complaints(tree):
    found = []
    for path, text in cpp(tree).items():
        code = without_comments_and_strings(text)
        for what, pattern, allowed in RULES:
            if allowed.search(path):
                continue
            for match in pattern.finditer(code):
                found.append(f"{path}:{line_of(code, match.start())}: {what} "
                             f"({match.group().strip()})")
    return found


BAD = [
    {"actors/node/x.cpp": "auto now = std::chrono::system_clock::now();\n"},
    {"storage/x.cpp": "auto now = time(nullptr);\n"},
    {"tools/present/x.cpp": "std::random_device seed;\n"},
    {"actors/node/x.cpp": "auto child = system.spawn<partition_actor>(1);\n"},
    {"actors/node/x.cpp": "auto child = self->spawn(behave);\n"},
]
GOOD = [
    {"runtime/edge/clock.cpp": "auto now = std::chrono::system_clock::now();\n"},
    {"runtime/supervision/supervisor_actor.cpp": "self->spawn(behave);\n"},
    {"actors/node/x.cpp": "// system.spawn(…)\nauto t = at_time(0);\n"},
]
