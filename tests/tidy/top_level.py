"""The top of the tree holds what CONVENTIONS names, and nothing else."""

ALLOWED = {"README.md", "LICENSE", "CHANGELOG.md", "meson.build",
           "meson_options.txt", "schemas", "runtime", "storage", "actors",
           "tools", "tests"}


def complaints(tree):
    tops = {path.split("/")[0] for path in tree}
    return [f"{name}: does not belong at the top of the tree"
            for name in sorted(tops)
            if name not in ALLOWED and not name.startswith(".")]


BAD = [
    {"notes.md": ""},
    {"src/main.cpp": ""},
]
GOOD = [
    {"README.md": "", ".clang-format": "", "storage/README.md": "",
     "storage/keys.hpp": ""},
]
