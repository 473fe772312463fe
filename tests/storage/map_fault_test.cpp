#include "storage/lmdb_env.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using namespace present;
using namespace present::storage;
namespace fs = std::filesystem;

namespace {

status fill(lmdb_env& env) {
  return env.write([](lmdb_write& txn) -> status {
    for (int i = 0; i < 1000; ++i)
      if (status ok = txn.put("key" + std::to_string(i), std::string(1000, 'v')); !ok)
        return ok;
    return success();
  });
}

/// A process that reads a file which is cut short in its hands.
[[noreturn]] void read_what_is_gone(const fs::path& folder, int words) {
  dup2(words, STDERR_FILENO);
  auto env = lmdb_env::open(folder);
  if (!env)
    std::_Exit(3);
  auto txn = (*env)->read();
  auto cursor = txn->cursor();
  // Wholly: whether the rest of a large folio of the page cache still answers after a
  // cut within it depends on the kernel.
  fs::resize_file(folder / "data.mdb", 0);
  std::size_t bytes = 0;
  for (auto row = cursor->seek({}); row && *row; row = cursor->step())
    bytes += static_cast<unsigned char>((*row)->value.back());
  std::_Exit(bytes == 0 ? 4 : 5);
}

std::string all_of(int from) {
  std::string text;
  char part[512];
  for (ssize_t count = 0; (count = read(from, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(count));
  return text;
}

} // namespace

TEST_CASE("a file that is cut short while it is mapped ends the process by name") {
  scratch_folder folder;
  const auto path = folder.path() / "db";
  {
    auto env = lmdb_env::open(path);
    REQUIRE(env);
    REQUIRE(fill(**env));
  }
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    read_what_is_gone(path, ends[1]);
  close(ends[1]);
  const auto said = all_of(ends[0]);
  close(ends[0]);
  int how = 0;
  REQUIRE(waitpid(child, &how, 0) == child);
  REQUIRE(WIFSIGNALED(how));
  CHECK(WTERMSIG(how) == SIGBUS);
  CHECK_MESSAGE(said.starts_with("present: " + (path / "data.mdb").string() + ": page "),
                said);
  CHECK(said.find("SIGBUS") != std::string::npos);
}
