#include "storage/lmdb_walk.hpp"

#include "storage/lmdb_format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <deque>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace present::storage {

namespace {

namespace format = lmdb_format;

/// LMDB takes longer keys nowhere (MDB_MAXKEYSIZE).
constexpr std::size_t max_key = 511;
/// A terabyte of pages: beyond what `lmdb_options` lets a map grow to, and 32 MB
/// to remember which were met.
constexpr std::uint64_t max_pages = std::uint64_t{1} << 28;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

/// One of the two trees, and what was found of it so far.
struct tree {
  format::tree_head head;
  const char* name;
  bool of_free_pages = false;
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
  std::uint64_t rows = 0;
};

/// Keys of a page are in [first, last), where there is such a bound.
struct key_bounds {
  std::optional<std::string_view> first;
  std::optional<std::string_view> last;
};

/// Keys of free pages' lists are numbers of commits, all others are bytes.
bool is_below(const tree& in, std::string_view a, std::string_view b) {
  if (in.of_free_pages)
    return format::read_at<std::uint64_t>(a, 0)
           < format::read_at<std::uint64_t>(b, 0);
  return a < b;
}

/// A page of a tree that is being looked at, and its nodes in order of their keys.
struct open_page {
  std::uint64_t number = 0;
  std::string bytes;
  std::vector<std::size_t> offsets;

  format::node node(std::size_t place) const {
    return format::node::of(bytes, offsets[place]);
  }
  std::string_view key(std::size_t place) const {
    return std::string_view{bytes}.substr(
      offsets[place] + format::node_header, node(place).key_bytes);
  }
  /// Of a leaf; what stands in the page.
  std::string_view data(std::size_t place) const {
    const auto here = node(place);
    return std::string_view{bytes}.substr(
      offsets[place] + format::node_header + here.key_bytes,
      here.is_elsewhere() ? sizeof(std::uint64_t) : here.data_bytes());
  }
};

class walker {
public:
  walker(const page_source& from, const std::string& name)
      : from_(from), name_(name) {}

  result<walked_file> walk();

private:
  status read_metas();
  result<format::meta> read_meta(std::uint64_t page, std::uint64_t page_bytes);
  status check_roots() const;
  status walk_tree(tree& what);
  status visit(tree& in, std::uint64_t page, std::uint16_t level,
               const key_bounds& bounds);
  status read_page(const tree& in, open_page& into, bool leaf);
  status place_nodes(const tree& in, open_page& into, bool leaf);
  std::size_t node_bytes(std::string_view page, std::size_t offset, bool leaf) const;
  status check_keys(const tree& in, const open_page& in_page, bool leaf,
                    const key_bounds& bounds) const;
  status visit_children(tree& in, const open_page& from, std::uint16_t level,
                        const key_bounds& bounds);
  status visit_rows(tree& in, const open_page& from);
  status claim(std::uint64_t first, std::uint64_t count, std::uint64_t named_by);
  status visit_value(tree& in, const open_page& from, std::size_t place,
                     std::string* content);
  status free_pages(const open_page& from, std::size_t place,
                    std::string_view list);
  error wrong(std::uint64_t page, const std::string& what) const;

  const page_source& from_;
  const std::string& name_;
  std::uint64_t page_bytes_ = 0;
  format::meta newest_;
  std::vector<bool> met_;           ///< W2, a bit a page
  std::deque<open_page> levels_;    ///< from the root to the page under way
  std::vector<std::uint16_t> size_at_; ///< of that page's nodes, by offset / 2
  walked_file found_;
};

error walker::wrong(std::uint64_t page, const std::string& what) const {
  return make_error(error_code::damaged,
                    name_ + ": page " + number(page) + ": " + what);
}

result<walked_file> walker::walk() {
  if (status ok = read_metas(); !ok)
    return ok.problem();
  if (status ok = check_roots(); !ok)
    return ok.problem();
  met_.assign(newest_.last_page + 1, false);
  met_[0] = met_[1] = true;
  tree free{newest_.free, "the free pages' tree", true};
  tree main{newest_.main, "the rows' tree"};
  for (auto* each : {&free, &main})
    if (status ok = walk_tree(*each); !ok)
      return ok.problem();
  found_.commit = newest_.commit;
  found_.rows = main.rows;
  return found_;
}

// -- meta pages (W1) ---------------------------------------------------------------

result<format::meta> walker::read_meta(std::uint64_t page,
                                       std::uint64_t page_bytes) {
  std::array<char, format::meta_bytes> bytes{};
  if (page * page_bytes + bytes.size() > from_.bytes())
    return wrong(page, "cut short: the file has " + number(from_.bytes())
                         + " bytes");
  if (status ok = from_.read(page * page_bytes, bytes); !ok)
    return ok.problem();
  const std::string_view view{bytes.data(), bytes.size()};
  const auto head = format::page_head::of(view);
  const auto found = format::read_at<format::meta>(view, format::page_header);
  if (head.number != page || head.flags != format::meta_page
      || found.magic != format::magic)
    return wrong(page, "not one of LMDB's meta pages");
  if (found.version != format::version)
    return wrong(page, "of version " + number(found.version)
                         + " of LMDB's format, not " + number(format::version));
  if (found.free.flags != format::integer_keys || found.main.flags != 0)
    return wrong(page, "its trees are of a kind that isn't used here");
  return found;
}

status walker::read_metas() {
  auto first = read_meta(0, 0);
  if (!first)
    return first.problem();
  page_bytes_ = first->free.pad;
  if (!std::has_single_bit(page_bytes_) || page_bytes_ < 512
      || page_bytes_ > 65'536 / 2)
    return wrong(0, "a size of pages of " + number(page_bytes_));
  auto second = read_meta(1, page_bytes_);
  if (!second)
    return second.problem();
  if (second->free.pad != page_bytes_)
    return wrong(1, "another size of pages than page 0 has");
  const auto even = first->commit;
  const auto odd = second->commit;
  const bool follow = even % 2 == 0
                      && ((even == 0 && odd == 0)
                          || (odd % 2 == 1 && (odd == even + 1 || even == odd + 1)));
  if (!follow)
    return wrong(even < odd, "commit " + number(std::max(even, odd))
                               + " does not follow commit "
                               + number(std::min(even, odd)));
  newest_ = even < odd ? *second : *first;
  return success();
}

status walker::check_roots() const {
  const auto page = newest_.commit % 2;
  if (newest_.last_page < format::first_data_page - 1
      || newest_.last_page >= max_pages)
    return wrong(page, "a last page of " + number(newest_.last_page));
  for (const auto& head : {newest_.free, newest_.main}) {
    const bool empty = head.root == format::no_page;
    if (empty != (head.depth == 0) || head.depth > format::max_depth)
      return wrong(page, "a tree of depth " + number(head.depth) + " from page "
                           + number(head.root) + " on");
  }
  return success();
}

// -- trees (W2, W3, W4) ------------------------------------------------------------

status walker::walk_tree(tree& what) {
  if (what.head.root != format::no_page) {
    if (status ok = claim(what.head.root, 1, newest_.commit % 2); !ok)
      return ok;
    if (status ok = visit(what, what.head.root, 1, {}); !ok)
      return ok;
  }
  const auto& says = what.head;
  if (what.branch_pages == says.branch_pages && what.leaf_pages == says.leaf_pages
      && what.overflow_pages == says.overflow_pages && what.rows == says.rows)
    return success();
  return wrong(newest_.commit % 2,
               std::string{what.name} + " is said to have "
                 + number(says.branch_pages) + ", " + number(says.leaf_pages)
                 + " and " + number(says.overflow_pages) + " pages and "
                 + number(says.rows) + " rows, and has "
                 + number(what.branch_pages) + ", " + number(what.leaf_pages)
                 + " and " + number(what.overflow_pages) + " and "
                 + number(what.rows));
}

/// `level` 1 is the root.
status walker::visit(tree& in, std::uint64_t page, std::uint16_t level,
                     const key_bounds& bounds) {
  const bool leaf = level == in.head.depth;
  if (levels_.size() < level)
    levels_.emplace_back();
  auto& here = levels_[level - 1];
  here.number = page;
  if (status ok = read_page(in, here, leaf); !ok)
    return ok;
  if (status ok = place_nodes(in, here, leaf); !ok)
    return ok;
  if (status ok = check_keys(in, here, leaf, bounds); !ok)
    return ok;
  ++(leaf ? in.leaf_pages : in.branch_pages);
  ++found_.used_pages;
  return leaf ? visit_rows(in, here) : visit_children(in, here, level, bounds);
}

status walker::read_page(const tree& in, open_page& into, bool leaf) {
  into.bytes.resize(page_bytes_);
  if (status ok = from_.read(into.number * page_bytes_, into.bytes); !ok)
    return ok;
  const auto head = format::page_head::of(into.bytes);
  if (head.number != into.number)
    return wrong(into.number, "holds what belongs to page " + number(head.number));
  if (head.flags != (leaf ? format::leaf_page : format::branch_page))
    return wrong(into.number, std::string{"no "} + (leaf ? "leaf" : "branch")
                                + " of " + in.name);
  return success();
}

/// Nodes are where the offsets say, and must then lie end to end.
status walker::place_nodes(const tree& in, open_page& into, bool leaf) {
  const auto head = format::page_head::of(into.bytes);
  if (head.lower < format::page_header || head.lower % 2 != 0
      || head.lower > head.upper || head.upper > page_bytes_)
    return wrong(into.number, "its room begins or ends where it can't");
  const std::size_t count = (head.lower - format::page_header) / 2;
  if (count < (leaf || in.of_free_pages ? 1 : 2))
    return wrong(into.number, "too few nodes");
  into.offsets.clear();
  size_at_.assign(page_bytes_ / 2, 0);
  std::size_t all = 0;
  for (std::size_t place = 0; place < count; ++place) {
    const std::size_t offset
      = format::read_at<std::uint16_t>(into.bytes, format::page_header + 2 * place);
    const auto size = offset < head.upper ? 0 : node_bytes(into.bytes, offset, leaf);
    if (size == 0 || size_at_[offset / 2] != 0)
      return wrong(into.number, "a node that can't be, or that is named twice");
    size_at_[offset / 2] = static_cast<std::uint16_t>(size);
    into.offsets.push_back(offset);
    all += size;
  }
  std::size_t end = head.upper;
  while (end < page_bytes_ && size_at_[end / 2] != 0)
    end += size_at_[end / 2];
  if (end != page_bytes_ || head.upper + all != page_bytes_)
    return wrong(into.number, "its nodes leave gaps, or overlap");
  return success();
}

/// What a node takes in its page; 0 if there can't be one.
std::size_t walker::node_bytes(std::string_view page, std::size_t offset,
                               bool leaf) const {
  if (offset % 2 != 0 || offset + format::node_header > page_bytes_)
    return 0;
  const auto node = format::node::of(page, offset);
  std::size_t data = 0;
  if (leaf && node.is_elsewhere())
    data = sizeof(std::uint64_t);
  else if (leaf && node.flags == 0)
    data = node.data_bytes();
  else if (leaf)
    return 0; // of a kind that isn't used here
  const auto size = (format::node_header + node.key_bytes + data + 1) / 2 * 2;
  return offset + size <= page_bytes_ ? size : 0;
}

/// Of a branch the first key says nothing: all that is below the second is there.
status walker::check_keys(const tree& in, const open_page& in_page, bool leaf,
                          const key_bounds& bounds) const {
  for (std::size_t place = leaf ? 0 : 1; place < in_page.offsets.size(); ++place) {
    const auto key = in_page.key(place);
    const bool right_size = in.of_free_pages
                              ? key.size() == sizeof(std::uint64_t)
                              : !key.empty() && key.size() <= max_key;
    if (!right_size)
      return wrong(in_page.number, "a key of " + number(key.size()) + " bytes");
    const bool is_first = place == (leaf ? 0 : 1);
    if (!is_first && !is_below(in, in_page.key(place - 1), key))
      return wrong(in_page.number, "its keys don't rise");
    if ((bounds.first && is_below(in, key, *bounds.first))
        || (bounds.last && !is_below(in, key, *bounds.last)))
      return wrong(in_page.number, "a key that belongs to another page");
  }
  return success();
}

status walker::visit_children(tree& in, const open_page& from, std::uint16_t level,
                              const key_bounds& bounds) {
  for (std::size_t place = 0; place < from.offsets.size(); ++place) {
    const auto child = from.node(place).child();
    if (status ok = claim(child, 1, from.number); !ok)
      return ok;
    auto within = bounds;
    if (place > 0)
      within.first = from.key(place);
    if (place + 1 < from.offsets.size())
      within.last = from.key(place + 1);
    if (status ok = visit(in, child, static_cast<std::uint16_t>(level + 1), within);
        !ok)
      return ok;
  }
  return success();
}

/// All pages from `first` on are within the file, and nobody else's.
status walker::claim(std::uint64_t first, std::uint64_t count,
                     std::uint64_t named_by) {
  if (first < format::first_data_page || count == 0 || first > newest_.last_page
      || count > newest_.last_page - first + 1
      || (first + count) * page_bytes_ > from_.bytes())
    return wrong(named_by, "leads to page " + number(first) + ", beyond the file");
  for (auto page = first; page < first + count; ++page) {
    if (met_[page])
      return wrong(named_by, "leads to page " + number(page)
                               + ", which is used already");
    met_[page] = true;
  }
  return success();
}

// -- rows --------------------------------------------------------------------------

status walker::visit_rows(tree& in, const open_page& from) {
  std::string elsewhere;
  for (std::size_t place = 0; place < from.offsets.size(); ++place) {
    ++in.rows;
    const bool there = from.node(place).is_elsewhere();
    if (there)
      if (status ok = visit_value(in, from, place,
                                  in.of_free_pages ? &elsewhere : nullptr);
          !ok)
        return ok;
    if (in.of_free_pages)
      if (status ok = free_pages(from, place,
                                 there ? std::string_view{elsewhere}
                                       : from.data(place));
          !ok)
        return ok;
  }
  return success();
}

/// A value in pages of its own; they may be more than it needs any longer.
status walker::visit_value(tree& in, const open_page& from, std::size_t place,
                           std::string* content) {
  const auto first = format::read_at<std::uint64_t>(from.data(place), 0);
  const std::uint64_t bytes = from.node(place).data_bytes();
  if (status ok = claim(first, 1, from.number); !ok)
    return ok;
  std::array<char, format::page_header> start{};
  if (status ok = from_.read(first * page_bytes_, start); !ok)
    return ok;
  const auto head = format::page_head::of({start.data(), start.size()});
  if (head.number != first || head.flags != format::overflow_page
      || head.pages < format::overflow_pages_of(bytes, page_bytes_))
    return wrong(first, "not the beginning of a value of " + number(bytes)
                          + " bytes");
  if (head.pages > 1)
    if (status ok = claim(first + 1, head.pages - 1, first); !ok)
      return ok;
  in.overflow_pages += head.pages;
  found_.used_pages += head.pages;
  if (!content)
    return success();
  content->resize(bytes);
  return from_.read(first * page_bytes_ + format::page_header, *content);
}

/// A list of free pages: how many, then their numbers, falling.
status walker::free_pages(const open_page& from, std::size_t place,
                          std::string_view list) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  if (format::read_at<std::uint64_t>(from.key(place), 0) > newest_.commit)
    return wrong(from.number, "free pages of a commit that is still to come");
  if (list.size() < word || list.size() % word != 0
      || format::read_at<std::uint64_t>(list, 0) > list.size() / word - 1)
    return wrong(from.number, "a list of free pages of another length than it has");
  const auto count = format::read_at<std::uint64_t>(list, 0);
  auto above = format::no_page;
  for (std::uint64_t at = 1; at <= count; ++at) {
    const auto page = format::read_at<std::uint64_t>(list, at * word);
    if (page >= above || page < format::first_data_page || page > newest_.last_page)
      return wrong(from.number, "page " + number(page)
                                  + " stands wrong in a list of free pages");
    if (met_[page])
      return wrong(from.number, "page " + number(page) + " is free and used");
    met_[page] = true;
    above = page;
  }
  found_.free_pages += count;
  return success();
}

// -- files -------------------------------------------------------------------------

class file_source final : public page_source {
public:
  explicit file_source(const std::filesystem::path& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        problem_(file_ < 0 ? errno : 0) {
    struct stat seen {};
    if (file_ >= 0 && fstat(file_, &seen) == 0)
      bytes_ = static_cast<std::uint64_t>(seen.st_size);
    // Pages of a tree lie anywhere; the disk is read in order meanwhile.
    if (file_ >= 0)
      posix_fadvise(file_, 0, 0, POSIX_FADV_WILLNEED);
  }
  ~file_source() override {
    if (file_ >= 0)
      close(file_);
  }
  file_source(const file_source&) = delete;
  file_source& operator=(const file_source&) = delete;

  /// Why it isn't open; 0 if it is.
  int problem() const { return problem_; }
  std::uint64_t bytes() const override { return bytes_; }

  status read(std::uint64_t offset, std::span<char> to) const override {
    std::size_t done = 0;
    while (done < to.size()) {
      const auto count = pread(file_, to.data() + done, to.size() - done,
                               static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return make_error(error_code::damaged,
                          path_.string() + ": can't be read at byte "
                            + number(offset + done) + ": "
                            + (count == 0 ? std::string{"it ends there"}
                                          : std::generic_category().message(errno)));
      done += static_cast<std::size_t>(count);
    }
    return success();
  }

private:
  const std::filesystem::path path_;
  const int file_;
  const int problem_;
  std::uint64_t bytes_ = 0;
};

} // namespace

result<walked_file> walk_lmdb(const page_source& from, const std::string& name) {
  return walker{from, name}.walk();
}

result<walked_file> walk_lmdb_file(const std::filesystem::path& file) {
  const file_source source{file};
  if (source.problem() == ENOENT)
    return walked_file{};
  if (source.problem() != 0)
    return make_error(error_code::invalid,
                      file.string() + ": can't be opened: "
                        + std::generic_category().message(source.problem()));
  if (source.bytes() == 0)
    return walked_file{};
  return walk_lmdb(source, file.string());
}

} // namespace present::storage
