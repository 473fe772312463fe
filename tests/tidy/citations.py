"""Each rule of the consensus core, and each that this part of the protocol keeps, is cited
by a test: in a case's name, in a comment of a test, or in a scenario.

A mutant's table doesn't count: it says which defect a rule forbids, not which test
would see it."""

import re

# CONSENSUS, and PROTOCOL where it is about order, sessions, leadership, time and disks.
RULES = {f"rule {number}" for number in range(1, 17)}
RULES |= {f"P{number}" for number in (1, 2, 3, 4, 5, 15, 16, 17, 18, 19, 20, 21, 24, 26, 27)}

_NAMES = re.compile(r'(?:TEST_CASE|SUBCASE)\(\s*((?:"(?:\\.|[^"\\])*"\s*)+)')
_COMMENTS = {
    "_test.cpp": re.compile(r"//([^\n]*)"),
    "_test.py": re.compile(r'"""(.*?)"""|#[^\n]*', re.S),
    ".txt": re.compile(r"#[^\n]*"),
}
_LIST = re.compile(r"\brules? (\d+(?:(?:, | and )\d+)*)")


def said_in(path, text):
    """What a test says of itself, in words."""
    if not path.startswith("tests/") or path.startswith("tests/tidy/"):
        return
    if path.endswith(".cpp"):
        yield from (match.group(1) for match in _NAMES.finditer(text))
    for ending, comments in _COMMENTS.items():
        if path.endswith(ending):
            yield from (match.group() for match in comments.finditer(text))


def cited(tree):
    found = set()
    for path, text in tree.items():
        for words in said_in(path, text):
            found.update(re.findall(r"\bP\d+\b", words))
            for numbers in _LIST.findall(words):
                found.update(f"rule {number}" for number in re.findall(r"\d+", numbers))
    return found


def complaints(tree):
    missing = RULES - cited(tree)
    return [f"{rule}: no test cites it"
            for rule in sorted(missing, key=lambda rule: (rule[0], int(rule.strip("rule P"))))]


def _test_of(rules, path="tests/x_test.cpp"):
    return {path: "".join(f'TEST_CASE("it holds ({rule})") {{}}\n' for rule in rules)}


BAD = [
    {},
    _test_of(RULES - {"P17"}),
    _test_of(RULES - {"rule 1"}),  # rule 10 is another one
    _test_of(RULES, "actors/x.cpp"),
    {**_test_of(RULES - {"P5"}), "tests/mutants.hpp": '{"one", "P5"},\n'},
    {**_test_of(RULES - {"P5"}), "tests/y_test.cpp": 'CHECK(text == "P5");\n'},
]
GOOD = [
    _test_of(RULES),
    {**_test_of(RULES - {"rule 3", "rule 4"}),
     "tests/scenarios/x.txt": "# Late writes (rules 3 and 4).\n"},
    {**_test_of(RULES - {"P5"}), "tests/faults/x_test.py": '"""Nothing late (P5)."""\n'},
    {**_test_of(RULES - {"P5"}), "tests/y_test.cpp": "/// Of unknown outcome (P5).\n"},
]
