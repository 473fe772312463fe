"""schemas <- runtime <- storage <- actors <- tools; machines are pure."""

import re

from tree import cpp, includes

LAYERS = ["schemas", "runtime", "storage", "actors", "tools", "tests"]
GENERATED_ALLOWED = re.compile(
    r"^(runtime/network/|tests/)|_(codec|service|link)\.[ch]pp$")
PURE = re.compile(r"_machine\.[ch]pp$|^actors/raft/")
IMPURE = re.compile(r"^(caf/|capnp/|kj/|lmdb\.h$|chrono$|thread$|random$|mutex$"
                    r"|condition_variable$|future$|ctime$|time\.h$|unistd\.h$)"
                    r"|\.capnp\.h$")
STANDARD = re.compile(r"^[a-z_0-9]+$")


def complaints(tree):
    sources = cpp(tree)
    found = []
    for path, text in sources.items():
        found += arrows(path, text)
        if PURE.search(path) and not path.startswith("tests/"):
            found += impurities(path, sources)
    return found


def arrows(path, text):
    found = []
    own = path.split("/")[0]
    for line, name, quoted in includes(text):
        there = name.split("/")[0]
        at = f"{path}:{line}"
        if (own in LAYERS and "/" in name and there in LAYERS
                and LAYERS.index(there) > LAYERS.index(own)):
            found.append(f"{at}: {own} must not include {there} ({name})")
        if name.endswith(".capnp.h") and not GENERATED_ALLOWED.search(path):
            found.append(f"{at}: {name} belongs in a codec, service or link")
        if quoted and "/" not in name:
            found.append(f'{at}: write "{name}" from the root')
        if path.startswith("runtime/base/") and not (
                name.startswith("runtime/base/") if quoted
                else STANDARD.match(name)):
            found.append(f"{at}: runtime/base takes the standard library only, "
                         f"not {name}")
    return found


def impurities(path, sources):
    """What a machine includes, through any number of our own headers."""
    found, seen, todo = [], {path}, [(path, path)]
    while todo:
        current, way = todo.pop()
        for line, name, quoted in includes(sources[current]):
            if IMPURE.search(name):
                found.append(f"{current}:{line}: {name} in a pure machine "
                             f"(reached by {way})")
            elif quoted and name in sources and name not in seen:
                seen.add(name)
                todo.append((name, f"{way} -> {name}"))
    return found


BAD = [
    {"runtime/x.hpp": '#include "storage/keys.hpp"\n'},
    {"storage/x.cpp": '#include "actors/raft/raft_types.hpp"\n'},
    {"actors/client/x.cpp": '#include "tools/present/output.hpp"\n'},
    {"runtime/base/x.hpp": "#include <caf/all.hpp>\n"},
    {"runtime/base/x.hpp": '#include "runtime/edge/clock.hpp"\n'},
    {"actors/raft/x.cpp": "#include <chrono>\n"},
    {"actors/saga/saga_machine.hpp": "#include <lmdb.h>\n"},
    {"actors/saga/saga_machine.hpp": '#include "runtime/y.hpp"\n',
     "runtime/y.hpp": '#include "runtime/z.hpp"\n',
     "runtime/z.hpp": "#include <thread>\n"},
    {"actors/partition/x.cpp": '#include "schemas/wire.capnp.h"\n'},
    {"storage/x.cpp": '#include "keys.hpp"\n'},
]
GOOD = [
    {"storage/x.cpp": '#include "runtime/base/ids.hpp"\n#include <lmdb.h>\n'},
    {"storage/entry_codec.cpp": '#include "schemas/log.capnp.h"\n'},
    {"actors/saga/saga_machine.hpp": '#include "runtime/base/ids.hpp"\n',
     "runtime/base/ids.hpp": "#include <cstdint>\n"},
    {"actors/saga/saga_actor.cpp": "#include <caf/all.hpp>\n#include <chrono>\n"},
    {"tests/storage/x.cpp": '#include "schemas/log.capnp.h"\n'},
    # A comment about an include isn't one.
    {"runtime/base/x.hpp": "// #include <caf/all.hpp>\n"},
]
