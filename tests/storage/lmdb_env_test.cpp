#include "storage/lmdb_env.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <csignal>
#include <fstream>

#include <sys/resource.h>

using namespace present;
using namespace present::storage;

namespace {

status fill(lmdb_env& env, int rows, std::size_t bytes) {
  return env.write([&](lmdb_write& txn) -> status {
    for (int i = 0; i < rows; ++i)
      if (status ok = txn.put("key" + std::to_string(i), std::string(bytes, 'v'));
          !ok)
        return ok;
    return success();
  });
}

std::uint64_t count(const lmdb_env& env) {
  auto txn = env.read();
  REQUIRE(txn);
  auto cursor = txn->cursor();
  REQUIRE(cursor);
  std::uint64_t rows = 0;
  for (auto row = cursor->seek({}); row && *row; row = cursor->step())
    ++rows;
  return rows;
}

} // namespace

TEST_CASE("a full map grows and the write is run again") {
  scratch_folder folder;
  auto env = lmdb_env::open(folder.path() / "db", {.initial_map_bytes = 1 << 20});
  REQUIRE(env);
  REQUIRE(fill(**env, 30, 100'000));
  CHECK(count(**env) == 30);
}

TEST_CASE("a map at its limit is disk_full, and what was there stays") {
  scratch_folder folder;
  auto env = lmdb_env::open(
    folder.path() / "db",
    {.initial_map_bytes = 1 << 20, .max_map_bytes = 2 << 20});
  REQUIRE(env);
  REQUIRE(fill(**env, 5, 1000));
  const auto refused = fill(**env, 100, 100'000);
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::disk_full);
  CHECK(refused.problem().message.find("data.mdb") != std::string::npos);
  CHECK(refused.problem().message.find("limit") != std::string::npos);
  CHECK(count(**env) == 5);
  CHECK(fill(**env, 6, 1000));
}

TEST_CASE("a commit that ends in the middle for want of room is disk_full, and it goes on after") {
  scratch_folder folder;
  auto env = lmdb_env::open(folder.path() / "db", {.initial_map_bytes = 64 << 20});
  REQUIRE(env);
  REQUIRE(fill(**env, 5, 1000));
  // The limit of a file's size ends a write as a full disk does, in the middle of a page.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = std::filesystem::file_size((*env)->file()) + 10'000;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto refused = fill(**env, 100, 100'000);
  const auto again = fill(**env, 100, 100'000);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::disk_full);
  REQUIRE_FALSE(again);
  CHECK(again.problem().code == error_code::disk_full);
  CHECK(count(**env) == 5);
  REQUIRE(fill(**env, 100, 100'000));
  CHECK(count(**env) == 100);
}

TEST_CASE("a file that grew is opened again with a smaller first map") {
  scratch_folder folder;
  {
    auto env = lmdb_env::open(folder.path() / "db");
    REQUIRE(fill(**env, 30, 100'000));
  }
  auto env = lmdb_env::open(folder.path() / "db", {.initial_map_bytes = 1 << 20});
  REQUIRE(env);
  CHECK(count(**env) == 30);
  CHECK(fill(**env, 60, 100'000));
}

TEST_CASE("an erased range is gone and nothing beside it") {
  scratch_folder folder;
  auto env = lmdb_env::open(folder.path() / "db");
  REQUIRE(fill(**env, 100, 10));
  REQUIRE((*env)->write([](lmdb_write& txn) -> status {
    const auto erased = txn.erase_range("key2", "key4");
    REQUIRE(erased);
    CHECK(*erased == 22); // key2, key3, key20 to key39
    return success();
  }));
  CHECK(count(**env) == 78);
}

TEST_CASE("a body that fails leaves nothing behind") {
  scratch_folder folder;
  auto env = lmdb_env::open(folder.path() / "db");
  const auto failed = (*env)->write([](lmdb_write& txn) -> status {
    REQUIRE(txn.put("a", "b"));
    return make_error(error_code::invalid, "no");
  });
  CHECK(failed.problem().message == "no");
  CHECK(count(**env) == 0);
}

TEST_CASE("a foreign file and a file cut short are damaged, by name") {
  scratch_folder folder;
  const auto file = folder.path() / "db" / "data.mdb";
  {
    auto env = lmdb_env::open(folder.path() / "db");
    REQUIRE(fill(**env, 100, 10'000));
  }
  SUBCASE("cut short") {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  }
  SUBCASE("foreign") {
    std::ofstream{file, std::ios::binary} << std::string(20'000, 'x');
  }
  const auto env = lmdb_env::open(folder.path() / "db");
  REQUIRE_FALSE(env);
  CHECK(env.problem().code == error_code::damaged);
  CHECK(env.problem().message.find(file.string()) != std::string::npos);
}

TEST_CASE("a folder that can't be made is invalid, by name") {
  scratch_folder folder;
  std::ofstream{folder.path() / "file"} << "x";
  const auto env = lmdb_env::open(folder.path() / "file" / "db");
  REQUIRE_FALSE(env);
  CHECK(env.problem().code == error_code::invalid);
}
