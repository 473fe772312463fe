#include "storage/lmdb_format.hpp"
#include "storage/lmdb_walk.hpp"
#include "tests/storage/edited_env.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

using namespace present;
using namespace present::storage;
namespace fs = std::filesystem;
namespace format = present::storage::lmdb_format;

namespace {

constexpr std::size_t page_bytes = 4096;

class memory_source final : public page_source {
public:
  explicit memory_source(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t bytes() const override { return bytes_.size(); }
  status read(std::uint64_t offset, std::span<char> to) const override {
    if (offset + to.size() > bytes_.size())
      FAIL("the walk reads beyond the file");
    std::copy_n(bytes_.data() + offset, to.size(), to.data());
    return success();
  }

private:
  std::string_view bytes_;
};

std::string content(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void put_file(const fs::path& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary}.write(bytes.data(), std::ssize(bytes));
}

using rows_map = std::map<std::string, std::string>;

rows_map rows_of(const lmdb_env& env) {
  rows_map rows;
  auto txn = env.read();
  REQUIRE(txn);
  auto cursor = txn->cursor();
  REQUIRE(cursor);
  for (auto row = cursor->seek({}); row && *row; row = cursor->step())
    rows.emplace((*row)->key, (*row)->value);
  return rows;
}

/// The file of an environment in which much was put, replaced and erased; small
/// values, some with pages of their own, free pages, and branches.
struct worked_file {
  scratch_folder folder;
  rows_map rows;
  std::mt19937 random{5};

  fs::path path() const { return folder.path() / "db" / "data.mdb"; }
  std::unique_ptr<lmdb_env> open() const { return open_to_edit(folder.path() / "db"); }

  void work(lmdb_env& env, int changes, std::size_t largest) {
    REQUIRE(env.write([&](lmdb_write& txn) -> status {
      for (int i = 0; i < changes; ++i) {
        const auto name = "key" + std::to_string(random() % 400)
                          + std::string(random() % 60, 'k');
        if (random() % 3 == 0) {
          REQUIRE(txn.erase(name));
          rows.erase(name);
        } else {
          const auto size = random() % 20 == 0 ? random() % largest : random() % 90;
          rows[name] = std::string(size, static_cast<char>('a' + i % 26));
          REQUIRE(txn.put(name, rows[name]));
        }
      }
      return success();
    }));
  }
};

error refusal_of(const std::string& bytes) {
  const auto walked = walk_lmdb(memory_source{bytes}, "the file");
  REQUIRE_FALSE(walked);
  CHECK(walked.problem().code == error_code::damaged);
  return walked.problem();
}

void expect(const std::string& bytes, const std::string& part) {
  const auto refused = refusal_of(bytes);
  CHECK_MESSAGE(refused.message.find(part) != std::string::npos, refused.message);
  CHECK(refused.message.starts_with("the file: page "));
}

template <class T>
T& at(std::string& bytes, std::size_t page, std::size_t offset) {
  return *reinterpret_cast<T*>(bytes.data() + page * page_bytes + offset);
}

/// What is within a node stands at even offsets, wherever they are: such numbers are
/// copied in and out.
template <class T>
T unaligned(const std::string& bytes, std::size_t page, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + page * page_bytes + offset, sizeof value);
  return value;
}

template <class T>
void put_unaligned(std::string& bytes, std::size_t page, std::size_t offset, T value) {
  std::memcpy(bytes.data() + page * page_bytes + offset, &value, sizeof value);
}

format::meta& newest(std::string& bytes) {
  auto& even = at<format::meta>(bytes, 0, format::page_header);
  auto& odd = at<format::meta>(bytes, 1, format::page_header);
  return even.commit > odd.commit ? even : odd;
}

/// The first page of a kind that the rows' tree leads to, from its root down.
std::size_t some_page(std::string& bytes, std::uint16_t kind) {
  auto page = newest(bytes).main.root;
  while (at<std::uint16_t>(bytes, page, 10) != kind) {
    const std::string_view view = std::string_view{bytes}.substr(page * page_bytes, page_bytes);
    const auto node = format::node::of(view, at<std::uint16_t>(bytes, page, 16));
    page = node.child();
  }
  return page;
}

/// Made once: the same each time, and seconds of syncs on a slow disk.
const std::string& sound_file() {
  static const std::string made = [] {
    worked_file file;
    {
      const auto env = file.open();
      for (int round = 0; round < 6; ++round)
        file.work(*env, 400, 20'000);
    }
    return content(file.path());
  }();
  return made;
}

} // namespace

TEST_CASE("whatever is put and erased, what LMDB leaves behind passes") {
  worked_file file;
  for (int round = 0; round < 10; ++round) {
    {
      const auto env = file.open();
      for (int commit = 0; commit < 4; ++commit)
        file.work(*env, 1 + static_cast<int>(file.random() % 300),
                  round % 5 == 0 ? 300'000 : 10'000);
    }
    const auto walked = walk_lmdb_file(file.path());
    REQUIRE_MESSAGE(walked, (walked ? "" : walked.problem().message));
    CHECK(walked->rows == file.rows.size() + 1); // and the commit's number
    CHECK(walked->commit == 4u * (static_cast<unsigned>(round) + 1));
  }
  const auto env = file.open();
  auto rows = rows_of(*env);
  rows.erase(environment_keys::commit_number());
  CHECK(rows == file.rows);
}

TEST_CASE("every page of the file is accounted for") {
  auto bytes = sound_file();
  const auto walked = walk_lmdb(memory_source{bytes}, "the file");
  REQUIRE(walked);
  CHECK(walked->free_pages > 0);
  CHECK(walked->used_pages + walked->free_pages + 2 == newest(bytes).last_page + 1);
}

TEST_CASE("an empty environment passes, and so does none") {
  scratch_folder folder;
  CHECK(walk_lmdb_file(folder.path() / "nothing")->rows == 0);
  open_to_edit(folder.path() / "db");
  CHECK(walk_lmdb_file(folder.path() / "db" / "data.mdb")->rows == 0);
}

namespace {

/// A sound file in a test's hands, and some of its pages.
struct opened_file {
  std::string bytes = sound_file();
  std::size_t leaf = some_page(bytes, format::leaf_page);
  std::size_t branch = some_page(bytes, format::branch_page);

  format::meta& meta() { return newest(bytes); }
  char* page(std::size_t number) { return bytes.data() + number * page_bytes; }
  std::uint16_t node(std::size_t number, std::size_t place) {
    return at<std::uint16_t>(bytes, number, format::page_header + 2 * place);
  }
};

struct damage {
  const char* what;
  std::function<void(opened_file&)> done;
  const char* said;
};

const std::vector<damage>& damages() {
  using file = opened_file&;
  static const std::vector<damage> all{
    {"a zeroed page", [](file f) { std::fill_n(f.page(f.leaf), page_bytes, '\0'); },
     "holds what belongs to page 0"},
    {"a misdirected page",
     [](file f) { std::copy_n(f.page(f.branch), page_bytes, f.page(f.leaf)); },
     "holds what belongs to page"},
    {"a page of another kind",
     [](file f) { at<std::uint16_t>(f.bytes, f.leaf, 10) = format::overflow_page; },
     "no leaf of the rows' tree"},
    {"a page's room", [](file f) { at<std::uint16_t>(f.bytes, f.leaf, 12) = 7; },
     "its room"},
    {"an offset", [](file f) { at<std::uint16_t>(f.bytes, f.leaf, 16) ^= 2; }, ": "},
    {"the order of keys",
     [](file f) {
       std::swap(at<std::uint16_t>(f.bytes, f.leaf, 16),
                 at<std::uint16_t>(f.bytes, f.leaf, 18));
     },
     "its keys don't rise"},
    {"a key between pages, which only a search would believe",
     [](file f) {
       at<char>(f.bytes, f.branch, f.node(f.branch, 1) + format::node_header) = '\1';
     },
     ": "},
    {"a child that is another's",
     [](file f) {
       const auto child
         = unaligned<std::uint32_t>(f.bytes, f.branch, f.node(f.branch, 0));
       put_unaligned(f.bytes, f.branch, f.node(f.branch, 1), child);
     },
     "which is used already"},
    {"a root outside of the file", [](file f) { f.meta().main.root = 1'000'000; }, ": "},
    {"a tree's depth", [](file f) { ++f.meta().main.depth; }, ": "},
    {"a tree without a root", [](file f) { f.meta().main.root = format::no_page; },
     "a tree of depth"},
    {"the number of rows", [](file f) { ++f.meta().main.rows; }, "is said to have"},
    {"the number of pages", [](file f) { ++f.meta().main.overflow_pages; },
     "is said to have"},
    {"the last page", [](file f) { f.meta().last_page = ~std::uint64_t{0}; },
     "a last page of"},
    {"the size of pages", [](file f) { f.meta().free.pad = 1000; }, ": "},
    {"the kind of a tree", [](file f) { f.meta().main.flags = 4; },
     "of a kind that isn't used"},
    {"a commit of the wrong page", [](file f) { f.meta().commit ^= 1; },
     "does not follow"},
    {"a commit long ago", [](file f) { f.meta().commit -= 4; }, "does not follow"},
    {"a file cut short",
     [](file f) { f.bytes.resize(f.meta().main.root * page_bytes); }, "beyond the file"},
    {"a file of half a page", [](file f) { f.bytes.resize(page_bytes / 2); },
     "cut short"},
    {"a foreign file", [](file f) { f.bytes.assign(20'000, 'x'); },
     "not one of LMDB's meta pages"},
  };
  return all;
}

} // namespace

TEST_CASE("what is wrong with a file is said, with the page") {
  for (const auto& each : damages()) {
    CAPTURE(each.what);
    opened_file file;
    each.done(file);
    expect(file.bytes, each.said);
  }
}

TEST_CASE("free pages are nobody else's, and in their order") {
  auto bytes = sound_file();
  // The first leaf of the free pages' tree, and in it the first list.
  auto page = newest(bytes).free.root;
  REQUIRE(at<std::uint16_t>(bytes, page, 10) == format::leaf_page);
  const std::size_t node = at<std::uint16_t>(bytes, page, 16);
  const auto list = node + format::node_header + sizeof(std::uint64_t);
  REQUIRE(unaligned<std::uint64_t>(bytes, page, list) > 1); // how many there are
  SUBCASE("used") {
    put_unaligned(bytes, page, list + 8, newest(bytes).main.root);
    CHECK(refusal_of(bytes).message.find("free") != std::string::npos);
  }
  SUBCASE("twice") {
    put_unaligned(bytes, page, list + 8,
                  unaligned<std::uint64_t>(bytes, page, list + 16));
    expect(bytes, "stands wrong");
  }
  SUBCASE("too many") {
    put_unaligned(bytes, page, list, std::uint64_t{1'000'000});
    expect(bytes, "of another length");
  }
}

TEST_CASE("of all bits of a file, each that is flipped is found, or harms nothing") {
  worked_file file;
  {
    const auto env = file.open();
    for (int round = 0; round < 3; ++round)
      file.work(*env, 40, 2'000);
  }
  const auto sound = content(file.path());
  scratch_folder folder;
  const auto path = folder.path() / "db" / "data.mdb";
  fs::create_directory(path.parent_path());
  std::size_t found = 0;
  std::size_t harmless = 0;
  auto bytes = sound;
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(sound[bit / 8] ^ (1 << bit % 8));
    if (!walk_lmdb(memory_source{bytes}, "the file")) {
      ++found;
    } else if (++harmless % 997 == 0) {
      // What passes is safe in LMDB's hands, to read and to write, and a row at
      // most has other bytes: that is for its seal to find.
      put_file(path, bytes);
      auto env = lmdb_env::open(path.parent_path(),
                                {.number_key = environment_keys::commit_number()});
      if (env) {
        auto rows = rows_of(**env);
        rows.erase(environment_keys::commit_number());
        REQUIRE(rows.size() == file.rows.size());
        std::size_t other = 0;
        for (auto here = rows.begin(), there = file.rows.begin(); here != rows.end();
             ++here, ++there)
          other += *here != *there ? 1 : 0;
        REQUIRE(other <= 1);
        REQUIRE((*env)->write([&](lmdb_write& txn) -> status {
          REQUIRE(txn.erase_range("key1", "key3"));
          return txn.put("new", std::string(30'000, 'n'));
        }));
      }
    }
    bytes[bit / 8] = sound[bit / 8];
  }
  MESSAGE(found << " flips found, " << harmless << " of values or of nothing");
  CHECK(found > 10'000);
}

TEST_CASE("a meta page of another time is found by the number among the rows") {
  worked_file file;
  {
    const auto env = file.open();
    for (int round = 0; round < 6; ++round)
      file.work(*env, 20, 100);
  }
  // Commit 5 with one more bit is 7, the successor of 6: a commit that was
  // acknowledged would be gone without a trace.
  auto bytes = content(file.path());
  REQUIRE(newest(bytes).commit == 6);
  at<format::meta>(bytes, 1, format::page_header).commit = 7;
  REQUIRE(walk_lmdb(memory_source{bytes}, "the file"));
  put_file(file.path(), bytes);
  const auto opened = lmdb_env::open(
    file.folder.path() / "db", {.number_key = environment_keys::commit_number()});
  REQUIRE_FALSE(opened);
  CHECK(opened.problem().code == error_code::damaged);
  CHECK(opened.problem().message.find("commit 7") != std::string::npos);
}
