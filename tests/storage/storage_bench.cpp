// What a commit, an entry and a checkpointed put cost. Run by `meson test
// --benchmark`; the numbers stand in storage/README.md.

#include "storage/journal.hpp"
#include "storage/key_file.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "storage/lmdb_walk.hpp"
#include "storage/state.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

using namespace present;
using namespace present::storage;

namespace {

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec)
         + 1e-3 * static_cast<double>(now.tv_nsec);
}

double wall_us() {
  return std::chrono::duration<double, std::micro>(
           std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

struct stopwatch {
  double cpu = cpu_us();
  double wall = wall_us();
};

template <class T>
T must(result<T> done) {
  if (!done) {
    std::fprintf(stderr, "%s\n", done.problem().message.c_str());
    std::exit(1);
  }
  return std::move(*done);
}

void measure_append(const std::filesystem::path& folder,
                    const key_provider* keys, unsigned partitions,
                    std::size_t payload_bytes) {
  auto log = must(journal::open(folder, {"bench", {1}, {1}}, {}, keys));
  const auto payload
    = std::make_shared<const std::string>(payload_bytes, 'x');
  constexpr int commits = 300;
  const stopwatch start;
  for (std::uint64_t index = 1; index <= commits; ++index) {
    std::vector<journal_write> batch;
    for (unsigned p = 1; p <= partitions; ++p)
      batch.push_back({{p},
                       {{1}, {1}},
                       {{{1}, {index}, raft::entry_kind::command, payload}}});
    for (auto& done : log->append(batch))
      must(std::move(done));
  }
  std::printf("append    %3u partitions x %7zu bytes: %7.1f us CPU, %7.1f us "
              "wall a commit\n",
              partitions, payload_bytes, (cpu_us() - start.cpu) / commits,
              (wall_us() - start.wall) / commits);
}

/// Puts at random keys over a million that are already there.
void measure_checkpoint(lmdb_state_backend& disk, std::size_t keys,
                        std::size_t puts) {
  state tables{disk};
  std::uint64_t random = 88172645463325252ULL;
  const auto value = std::make_shared<const std::string>(100, 'v');
  char name[24];
  const stopwatch filling;
  for (std::size_t i = 0; i < puts; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    const auto number = puts == keys ? i : random % keys;
    const int size = std::snprintf(name, sizeof name, "key%012zu", number);
    tables.put(record_key::value({1}, {name, static_cast<std::size_t>(size)}),
               value_record{{i + 1}, false, value});
  }
  const auto frozen = must(tables.freeze({{puts}, {1}, {}}));
  const auto changes = static_cast<double>(frozen->changes.size());
  const stopwatch writing;
  must(disk.write(*frozen));
  std::printf("checkpoint %8zu puts: %5.2f us CPU a put to fill, %5.2f us CPU, "
              "%5.2f us wall a put to write\n",
              frozen->changes.size(),
              (writing.cpu - filling.cpu) / static_cast<double>(puts),
              (cpu_us() - writing.cpu) / changes,
              (wall_us() - writing.wall) / changes);
}

void measure_get(const lmdb_state_backend& disk, std::size_t keys) {
  std::uint64_t random = 88172645463325252ULL;
  constexpr int gets = 200'000;
  char name[24];
  const stopwatch start;
  for (int i = 0; i < gets; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    const int size
      = std::snprintf(name, sizeof name, "key%012zu", std::size_t(random % keys));
    must(disk.get(
      record_key::value({1}, {name, static_cast<std::size_t>(size)})));
  }
  std::printf("get from the backend: %5.2f us CPU\n",
              (cpu_us() - start.cpu) / gets);
}

/// What each opening costs before anything is mapped.
void measure_walk(const std::filesystem::path& file) {
  const auto gigabytes
    = static_cast<double>(std::filesystem::file_size(file)) / (1 << 30);
  const stopwatch start;
  const auto walked = must(walk_lmdb_file(file));
  std::printf("walk of %.2f GB, %llu rows: %7.1f ms CPU, %7.1f ms wall a GB\n",
              gigabytes, static_cast<unsigned long long>(walked.rows),
              (cpu_us() - start.cpu) / 1000 / gigabytes,
              (wall_us() - start.wall) / 1000 / gigabytes);
}

} // namespace

int main() {
  auto name
    = (std::filesystem::temp_directory_path() / "present-bench-XXXXXX").string();
  if (!mkdtemp(name.data()))
    return 1;
  const std::filesystem::path folder = name;
  must(key_file::create(folder / "keys"));
  const auto file = must(key_file::open(folder / "keys"));
  int run = 0;
  for (const key_provider* keys : {static_cast<const key_provider*>(nullptr),
                                   static_cast<const key_provider*>(file.get())}) {
    std::printf(keys ? "-- encrypted\n" : "-- checked\n");
    for (const unsigned partitions : {1u, 4u, 16u})
      for (const std::size_t bytes : {100u, 10'000u, 100'000u})
        measure_append(folder / ("journal" + std::to_string(++run)), keys,
                       partitions, bytes);
    constexpr std::size_t rows = 1'000'000;
    auto disk = must(
      lmdb_state_backend::open(folder / ("state" + std::to_string(run)),
                               {"bench", {1}, {1}}, {}, keys));
    for (const std::size_t puts : {rows, std::size_t{1000}, std::size_t{100'000},
                                   std::size_t{300'000}})
      measure_checkpoint(*disk, rows, puts);
    measure_get(*disk, rows);
    const stopwatch start;
    must(verify(*disk));
    std::printf("verify: %5.2f us CPU a row\n",
                (cpu_us() - start.cpu) / static_cast<double>(rows));
    measure_walk(folder / ("state" + std::to_string(run)) / "data.mdb");
  }
  std::filesystem::remove_all(folder);
}
