"""What each byte of an LMDB file is, and whether anything reads it: the file as
`storage/lmdb_format.hpp` has it, read here once more, by itself.

`read` is what LMDB, the walk over the file or a row's own check looks at, in the file as
it is now. Free pages are written before they are read again, and gaps within pages are
never read.
"""

import collections
import struct

PAGE_HEADER = 16
NODE_HEADER = 8
META_END = PAGE_HEADER + 136
NO_PAGE = 2**64 - 1
BRANCH, LEAF, OVERFLOW = 1, 2, 4
DATA_ELSEWHERE = 1

Region = collections.namedtuple("Region", "name read")

FREE = Region("free page", False)
GAP = Region("room in a page", False)
PADDING = Region("padding", False)
BEHIND = Region("behind the last page", False)
OLDER_META = Region("older meta page", False)
PAGE = Region("page's head and offsets", True)
NODE = Region("row's head and key", True)
FIRST_KEY = Region("first key of a branch", False)
VALUE = Region("row's value", True)
FREE_LIST = Region("list of free pages", True)
META = Region("meta page", True)


def number(content, place, kind):
    return struct.unpack_from("<" + kind, content, place)[0]


class Tree:
    """Of a meta page: where it stands there, and what it says."""

    def __init__(self, content, place):
        self.page_bytes, self.flags, self.depth = struct.unpack_from("<IHH", content, place)
        self.branches, self.leaves, self.overflows, self.rows, self.root = struct.unpack_from(
            "<5Q", content, place + 8)


class LmdbFile:
    def __init__(self, content):
        self.content = content
        self.page_bytes = number(content, PAGE_HEADER + 24, "I")
        self.regions = [BEHIND] * len(content)
        metas = [page * self.page_bytes for page in (0, 1)]
        commits = [number(content, meta + PAGE_HEADER + 128, "Q") for meta in metas]
        newest, older = metas if commits[0] > commits[1] else reversed(metas)
        last = number(content, newest + PAGE_HEADER + 120, "Q")
        self.mark(2 * self.page_bytes, min(len(content), (last + 1) * self.page_bytes), FREE)
        self.mark_metas(newest, older)
        for place, of_free in ((24, True), (72, False)):
            self.walk(Tree(content, newest + PAGE_HEADER + place), of_free)

    def at(self, place):
        return self.regions[place]

    def mark(self, first, last, region):
        self.regions[first:last] = [region] * (last - first)

    def mark_metas(self, newest, older):
        for meta in (newest, older):
            self.mark(meta, meta + self.page_bytes, GAP)
        self.mark(newest, newest + META_END, META)
        self.mark(older, older + META_END, OLDER_META)
        # Number, kind, magic, version, size of a page, kinds of the trees, commit.
        for first, size in ((0, 8), (10, 2), (16, 8), (40, 6), (88, 6), (144, 8)):
            self.mark(older + first, older + first + size, META)
        for meta in (newest, older):
            # A page's pad and room, the address of a map that is always elsewhere and its
            # size, which each opening sets anew, the pad of the rows' tree.
            for first, size in ((8, 2), (12, 4), (24, 8), (32, 8), (88, 4)):
                self.mark(meta + first, meta + first + size, PADDING)

    def walk(self, tree, of_free):
        counts = collections.Counter()
        if tree.root != NO_PAGE:
            self.visit(tree, tree.root, 1, of_free, counts)
        says = (tree.branches, tree.leaves, tree.overflows, tree.rows)
        found = tuple(counts[what] for what in (BRANCH, LEAF, OVERFLOW, "rows"))
        assert says == found, f"a tree says {says} and has {found}"

    def visit(self, tree, page, level, of_free, counts):
        base = page * self.page_bytes
        leaf = level == tree.depth
        counts[LEAF if leaf else BRANCH] += 1
        lower, upper = struct.unpack_from("<HH", self.content, base + 12)
        self.mark(base, base + lower, PAGE)
        self.mark(base + 8, base + 10, PADDING)
        self.mark(base + lower, base + upper, GAP)
        for place in range((lower - PAGE_HEADER) // 2):
            node = base + number(self.content, base + PAGE_HEADER + 2 * place, "H")
            if leaf:
                counts["rows"] += 1
                self.visit_row(node, of_free, counts)
            else:
                low, high, flags = struct.unpack_from("<3H", self.content, node)
                self.mark_node(node, 0, None, FIRST_KEY if place == 0 else NODE)
                self.visit(tree, low | high << 16 | flags << 32, level + 1, of_free, counts)

    def mark_node(self, node, data, data_region, key_region=NODE):
        """Where its data begin."""
        key = number(self.content, node + 6, "H")
        data_at = node + NODE_HEADER + key
        self.mark(node, node + NODE_HEADER, NODE)
        self.mark(node + NODE_HEADER, data_at, key_region)
        self.mark(data_at, data_at + data, data_region)
        if (key + data) % 2:
            self.mark(data_at + data, data_at + data + 1, PADDING)
        return data_at

    def visit_row(self, node, of_free, counts):
        region = FREE_LIST if of_free else VALUE
        low, high, flags = struct.unpack_from("<3H", self.content, node)
        size = low | high << 16
        if flags != DATA_ELSEWHERE:
            self.mark_node(node, size, region)
            return
        first = number(self.content, self.mark_node(node, 8, NODE), "Q") * self.page_bytes
        pages = number(self.content, first + 12, "I")
        counts[OVERFLOW] += pages
        self.mark(first, first + PAGE_HEADER, PAGE)
        self.mark(first + 8, first + 10, PADDING)
        self.mark(first + PAGE_HEADER, first + PAGE_HEADER + size, region)
        self.mark(first + PAGE_HEADER + size, first + pages * self.page_bytes, GAP)
