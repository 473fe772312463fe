"""The project's files as the checks see them: path to text, from the root.

A check is a module with

  complaints(tree)  a list of sentences, one for each place that breaks the rule
  BAD               trees that must each give a complaint
  GOOD              trees that must give none

so every check shows in its own self-test that it can fail, and when.
"""

import os
import re

CPP = (".hpp", ".cpp")
TEXT = CPP + (".py", ".sh", ".capnp", ".build", ".md", ".txt", ".toml", ".yml",
              ".json", ".js", ".ts", ".html", ".css", "")


def load(root):
    tree = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders
                            if name not in {".git", ".cache", "__pycache__"}
                            and not (folder == root and name.startswith("build")))
        for name in sorted(files):
            path = os.path.join(folder, name)
            if (name == ".git" or os.path.splitext(name)[1] not in TEXT
                    or os.path.islink(path)):
                continue
            try:
                with open(path, encoding="utf-8") as file:
                    tree[os.path.relpath(path, root)] = file.read()
            except UnicodeDecodeError:
                continue
    return tree


def cpp(tree):
    return {path: text for path, text in tree.items() if path.endswith(CPP)}


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])+'|\w+", re.S)


def without_comments_and_strings(text):
    """C++ with comments and literals blanked; line numbers stay."""
    def blank(match):
        token = match.group()
        if token[0] in "/\"'" or token.startswith('R"'):
            # 1'000 is one token to the compiler; what is blanked here is the
            # same either way.
            return re.sub(r"[^\n]", " ", token)
        return token
    return _TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    """(line, name, quoted) of each #include."""
    found = []
    for match in re.finditer(r'^\s*#\s*include\s+(["<])([^">]+)[">]', text, re.M):
        found.append((line_of(text, match.start(2)), match.group(2),
                      match.group(1) == '"'))
    return found
