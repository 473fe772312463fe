"""A file has up to 800 lines and a function up to 70."""

import ast
import re

from tree import cpp, line_of, without_comments_and_strings

FILE_LINES = 800
FUNCTION_LINES = 70

NOT_A_FUNCTION = re.compile(
    r"^\s*(namespace|extern|enum|union|if|else|for|while|switch|do|try|catch)\b"
    r"|\b(class|struct)\s+[\w:<>, ]+(\s*final)?(\s*:[^:].*)?$|=\s*$", re.S)

# `name{` begins an initializer, `name {` and `) {` a block.
INITIALIZED = re.compile(r"[\w>]")


def complaints(tree):
    found = []
    for path, text in tree.items():
        if path.endswith((".hpp", ".cpp", ".py", ".capnp", ".sh", ".js", ".ts")):
            lines = text.count("\n")
            if lines > FILE_LINES:
                found.append(f"{path}: {lines} lines, more than {FILE_LINES}")
    for path, text in cpp(tree).items():
        found += too_long(path, cpp_functions(text))
    for path, text in tree.items():
        if path.endswith(".py"):
            found += too_long(path, python_functions(text))
    return found


def too_long(path, functions):
    return [f"{path}:{first}: {name} has {last - first + 1} lines, "
            f"more than {FUNCTION_LINES}"
            for name, first, last in functions
            if last - first + 1 > FUNCTION_LINES]


def cpp_functions(text):
    """(name, first line, last line) of each outermost block that follows a
    parameter list. The measure knows braces, not C++: it is right on text that
    our formatting has gone over."""
    code = without_comments_and_strings(text)
    code = re.sub(r"^[ \t]*#(.*\\\n)*.*$",
                  lambda match: re.sub(r"[^\n]", " ", match.group()), code,
                  flags=re.M)
    stack, start = [], 0
    for match in re.finditer(r"[{};]", code):
        mark = match.group()
        if mark == "{" and INITIALIZED.match(code[match.start() - 1]):
            stack.append(("initializer", 0, ""))
        elif mark == "{":
            head = code[start:match.start()]
            function = ("(" in head and not NOT_A_FUNCTION.search(head)
                        and "function" not in stack_kinds(stack))
            first = start + len(head) - len(head.lstrip())
            stack.append(("function" if function else "block", first, head))
            start = match.end()
        elif mark == "}" and stack:
            kind, first, head = stack.pop()
            if kind == "function":
                yield (name_in(head), line_of(code, first),
                       line_of(code, match.start()))
            if kind != "initializer":
                start = match.end()
        elif mark == ";" and not inside_parentheses(code[start:match.start()]):
            start = match.end()


def stack_kinds(stack):
    return {kind for kind, _, _ in stack}


def inside_parentheses(head):
    return head.count("(") > head.count(")")


def name_in(head):
    names = re.findall(r"([\w:~]+)\s*\(", head)
    return names[0] if names else "function"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


LINES = "  call();\n"
BAD = [
    {"storage/a.hpp": "// line\n" * 801},
    {"storage/a.cpp": "void f() {\n" + LINES * 69 + "}\n"},
    {"storage/a.cpp": "namespace x {\nint y::f(int a) const {\n" + LINES * 69
                      + "}\n}\n"},
    {"storage/a.cpp": "class c {\n  void f() noexcept {\n" + LINES * 69
                      + "  }\n};\n"},
    {"storage/a.cpp": 'TEST_CASE("{") {\n' + LINES * 69 + "}\n"},
    {"storage/a.cpp": "c::c(int a)\n    : a_{a} {\n" + LINES * 69 + "}\n"},
    {"tools/a.py": "def f():\n" + "    x = 1\n" * 70},
]
GOOD = [
    {"storage/a.hpp": "// line\n" * 800},
    {"storage/a.cpp": "void f() {\n" + LINES * 68 + "}\n"},
    {"storage/a.cpp": "namespace x {\n" + "void f();\n" * 100 + "}\n"},
    {"storage/a.cpp": "class c : public d<e(f)> {\n" + "  int a;\n" * 100
                      + "};\n"},
    {"storage/a.cpp": "constexpr int table[] = {\n" + "  f(1),\n" * 100 + "};\n"},
    {"storage/a.cpp": ("void f() {\n" + LINES * 40 + "}\n") * 3},
]
