"""Names that say nothing are not used, and a header guards itself one way."""

import os
import re

from tree import cpp, line_of, without_comments_and_strings

EMPTY_WORDS = {"manager", "handler", "helper", "helpers", "util", "utils",
               "common", "misc"}
TYPE = re.compile(r"^\s*(?:template\s*<[^{;]*>\s*)?(?:class|struct|enum|enum class|"
                  r"union|using|namespace|concept)\s+(\w+)", re.M)


def words_of(name):
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return set(re.split(r"[^a-z0-9]+", spaced))


def complaints(tree):
    found = []
    for path in tree:
        name = os.path.splitext(os.path.basename(path))[0]
        folder = os.path.basename(os.path.dirname(path))
        for word in sorted((words_of(name) | words_of(folder)) & EMPTY_WORDS):
            found.append(f"{path}: '{word}' says nothing about what it does")
    for path, text in cpp(tree).items():
        # The compiler warns where a precompiled header, its main file, has one.
        precompiled = "pch" in path.split("/")
        if path.endswith(".hpp") and not precompiled and "#pragma once" not in text:
            found.append(f"{path}: has no #pragma once")
        code = without_comments_and_strings(text)
        for match in TYPE.finditer(code):
            for word in sorted(words_of(match.group(1)) & EMPTY_WORDS):
                found.append(f"{path}:{line_of(code, match.start(1))}: "
                             f"'{match.group(1)}' says nothing ({word})")
    return found


BAD = [
    {"storage/lock_manager.cpp": ""},
    {"runtime/util/x.cpp": ""},
    {"storage/x.hpp": "struct a {};\n"},
    {"storage/x.cpp": "class request_handler {\n};\n"},
    {"storage/x.cpp": "struct StringHelper;\n"},
    {"storage/x.cpp": "namespace common {\n}\n"},
]
GOOD = [
    {"storage/x.hpp": "#pragma once\n\nclass journal;\n"},
    {"storage/x.cpp": "// class manager\nstruct uncommon {};\n"},
    {"storage/pch/storage_pch.hpp": "#include <vector>\n"},
]
