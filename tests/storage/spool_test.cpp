#include "storage/file_spool.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <rapidcheck.h>

#include <filesystem>

using namespace present;
using namespace present::storage;

TEST_CASE("what was put into a spool is read back, whole and in any part") {
  scratch_folder folder;
  CHECK(rc::check([&](const std::vector<std::string>& pieces) {
    auto made = file_spool::create(folder.path());
    RC_ASSERT(bool{made});
    auto& spooled = **made;
    std::string all;
    for (const auto& piece : pieces) {
      RC_ASSERT(bool{spooled.append(piece)});
      all += piece;
    }
    RC_ASSERT(spooled.size() == all.size());
    RC_ASSERT(*spooled.read(0, all.size()) == all);
    const auto from = *rc::gen::inRange<std::size_t>(0, all.size() + 1);
    const auto count = *rc::gen::inRange<std::size_t>(0, all.size() - from + 1);
    RC_ASSERT(*spooled.read(from, count) == all.substr(from, count));
  }));
}

TEST_CASE("a spool has no name, so that it ends with the process") {
  scratch_folder folder;
  auto made = file_spool::create(folder.path());
  REQUIRE(made);
  REQUIRE((*made)->append("something"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("reading behind the end is an error") {
  scratch_folder folder;
  auto made = file_spool::create(folder.path());
  REQUIRE(made);
  REQUIRE((*made)->append("12345"));
  CHECK_FALSE((*made)->read(3, 3));
  CHECK_FALSE((*made)->read(6, 0));
  CHECK(*(*made)->read(5, 0) == "");
}

TEST_CASE("a spool in a folder that isn't there names it") {
  const auto made = file_spool::create("/nowhere/at/all");
  REQUIRE_FALSE(made);
  CHECK(made.problem().message.find("/nowhere/at/all") != std::string::npos);
}
