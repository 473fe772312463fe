#include "storage/lmdb_state_backend.hpp"
#include "storage/lmdb_state_home.hpp"
#include "storage/memory_state_home.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <fstream>

using namespace present;
using namespace present::storage;

namespace {

const auto key = record_key::value({1}, "key");

value_record value(const std::string& bytes) {
  return {{1}, false, std::make_shared<const std::string>(bytes)};
}

result<std::unique_ptr<state_backend>>
open_state(const std::filesystem::path& folder) {
  auto opened = lmdb_state_backend::open(folder, {"alpha", {1}, {7}});
  if (!opened)
    return opened.problem();
  return std::unique_ptr<state_backend>{std::move(*opened)};
}

struct on_disk {
  scratch_folder scratch;
  std::filesystem::path folder = scratch.path() / "state" / "1";
  lmdb_state_home home{folder, open_state};
};

struct in_memory {
  memory_state_home home;
};

void store(state_backend& disk, std::uint64_t index, const std::string& bytes) {
  REQUIRE(disk.write({{{key, value(bytes)}}, {{index}, {1}, {}}}));
}

std::uint64_t index_of(state_home& home) {
  return (*(*home.open())->applied()).index.value;
}

std::string value_of(state_home& home) {
  const auto found = *(*home.open())->get(key);
  return std::string{std::get<value_record>(*found).view()};
}

} // namespace

TEST_CASE_TEMPLATE("the next state takes the place of the state", Home, on_disk,
                   in_memory) {
  Home here;
  auto held = *here.home.open();
  store(*held, 1, "old");
  store(**here.home.open_next(), 9, "new");
  CHECK(value_of(here.home) == "old");
  held.reset();
  REQUIRE(here.home.replace());
  CHECK(value_of(here.home) == "new");
  CHECK(index_of(here.home) == 9);
  // And once more, in the same place.
  store(**here.home.open_next(), 12, "newer");
  REQUIRE(here.home.replace());
  CHECK(value_of(here.home) == "newer");
}

TEST_CASE_TEMPLATE("a state that is open is not replaced (H3)", Home, on_disk,
                   in_memory) {
  Home here;
  auto held = *here.home.open();
  store(*held, 1, "old");
  store(**here.home.open_next(), 9, "new");
  CHECK(here.home.replace().problem().code == error_code::overloaded);
  CHECK(value_of(here.home) == "old");
  held.reset();
  REQUIRE(here.home.replace());
  CHECK(value_of(here.home) == "new");
}

TEST_CASE_TEMPLATE("a next state begins empty, whatever was there", Home, on_disk,
                   in_memory) {
  Home here;
  store(**here.home.open(), 1, "old");
  store(**here.home.open_next(), 8, "unfinished");
  const auto next = std::move(*here.home.open_next());
  CHECK(next->applied()->index == log_index{0});
  CHECK_FALSE(next->get(key)->has_value());
}

TEST_CASE("two who open a state share it") {
  on_disk here;
  const auto one = *here.home.open();
  CHECK(*here.home.open() == one);
}

TEST_CASE("opening removes what a crash left over") {
  on_disk here;
  store(**here.home.open(), 1, "old");
  store(**here.home.open_next(), 9, "new");
  std::ofstream{here.folder / "spool-abcdef"} << "rest";
  lmdb_state_home restarted{here.folder, open_state};
  CHECK(value_of(restarted) == "old");
  CHECK_FALSE(std::filesystem::exists(here.folder / "next"));
  CHECK_FALSE(std::filesystem::exists(here.folder / "spool-abcdef"));
}

TEST_CASE("a crash at any step leaves one state or the other, whole (H1, H2)") {
  struct crash {
    std::string_view before;
    std::string_view found;
  };
  // Without the sync a crash may leave either; the running system shows the new.
  for (const auto& [before, found] :
       {crash{"rename", "old"}, crash{"sync", "new"}, crash{"clean", "new"}}) {
    CAPTURE(before);
    on_disk here;
    lmdb_state_home dying{here.folder, open_state,
                          [before = before](std::string_view step) {
                            return step == before
                                     ? status{make_error(error_code::invalid, "crash")}
                                     : success();
                          }};
    store(**dying.open(), 1, "old");
    store(**dying.open_next(), 9, "new");
    REQUIRE_FALSE(dying.replace());
    CHECK(value_of(here.home) == found);
    CHECK(verify(**here.home.open()));
    CHECK_FALSE(std::filesystem::exists(here.folder / "next"));
    // What comes after finds nothing in its way.
    store(**here.home.open_next(), 12, "newer");
    REQUIRE(here.home.replace());
    CHECK(value_of(here.home) == "newer");
  }
}

TEST_CASE("the twin's crash drops the next state") {
  in_memory here;
  store(**here.home.open(), 1, "old");
  here.home.disk().sync();
  store(**here.home.open_next(), 9, "new");
  here.home.crash();
  CHECK(value_of(here.home) == "old");
  CHECK_FALSE(here.home.replace());
}

TEST_CASE_TEMPLATE("a condemned state is set aside, once nobody holds it (H4)", Home,
                   on_disk, in_memory) {
  Home here;
  auto held = *here.home.open();
  store(*held, 1, "old");
  here.home.condemn();
  CHECK(here.home.open().problem().code == error_code::overloaded);
  held.reset();
  CHECK(index_of(here.home) == 0);
  // Another one is not condemned with it.
  store(**here.home.open(), 4, "other");
  CHECK(value_of(here.home) == "other");
}

TEST_CASE("the last state that was set aside is kept until another takes its place") {
  on_disk here;
  for (const auto index : {1, 2}) {
    store(**here.home.open(), static_cast<std::uint64_t>(index), "damaged");
    here.home.condemn();
    REQUIRE(here.home.open());
  }
  CHECK(std::filesystem::exists(here.folder / "damaged.mdb"));
  store(**here.home.open_next(), 9, "new");
  REQUIRE(here.home.replace());
  CHECK_FALSE(std::filesystem::exists(here.folder / "damaged.mdb"));
  CHECK(value_of(here.home) == "new");
}

TEST_CASE("a state that is of no use makes room for an empty one; others are refused") {
  on_disk here;
  store(**here.home.open(), 3, "old");
  const auto file = here.folder / "data.mdb";
  SUBCASE("sound") {
    const auto opened = open_usable_state(here.home);
    REQUIRE(opened);
    CHECK_FALSE(opened->set_aside);
    CHECK(opened->mark.index == log_index{3});
  }
  SUBCASE("damaged") {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 4096);
    const auto opened = open_usable_state(here.home);
    REQUIRE(opened);
    REQUIRE(opened->set_aside);
    CHECK(opened->set_aside->code == error_code::damaged);
    CHECK(opened->mark.index == log_index{0});
    CHECK(std::filesystem::exists(here.folder / "damaged.mdb"));
  }
  SUBCASE("of an earlier store") {
    lmdb_state_home later{here.folder,
                          [](const auto& folder) -> result<std::unique_ptr<state_backend>> {
                            auto opened = lmdb_state_backend::open(folder, {"alpha", {1}, {8}});
                            if (!opened)
                              return opened.problem();
                            return std::unique_ptr<state_backend>{std::move(*opened)};
                          }};
    const auto opened = open_usable_state(later);
    REQUIRE(opened);
    CHECK(opened->set_aside->code == error_code::too_old);
    CHECK(opened->mark.index == log_index{0});
  }
  SUBCASE("of another cluster") {
    lmdb_state_home other{here.folder,
                          [](const auto& folder) -> result<std::unique_ptr<state_backend>> {
                            return lmdb_state_backend::open(folder, {"beta", {1}, {7}}).problem();
                          }};
    CHECK(open_usable_state(other).problem().code == error_code::invalid);
    CHECK_FALSE(std::filesystem::exists(here.folder / "damaged.mdb"));
  }
}
