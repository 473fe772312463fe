#include "storage/folder_lock.hpp"

#include "tests/storage/scratch_folder.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::storage;

TEST_CASE("a folder is one holder's until that lets go") {
  const scratch_folder scratch;
  const auto folder = scratch.path() / "made" / "by" / "it";
  auto first = folder_lock::take(folder);
  REQUIRE(first);
  const auto second = folder_lock::take(folder);
  REQUIRE_FALSE(second);
  CHECK(second.problem().code == error_code::invalid);
  CHECK(second.problem().message == folder.string() + ": another process uses this folder");
  CHECK(folder_lock::take(scratch.path() / "other"));
  *first = folder_lock{};
  CHECK(folder_lock::take(folder));
}

TEST_CASE("a folder that can't be made is named") {
  const auto refused = folder_lock::take("/proc/present");
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().message.find("/proc/present: ") == 0);
}
