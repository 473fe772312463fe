#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/// A target without libFuzzer: its honest inputs and its corpus, once each, then as
/// many mutations of these as are asked for. Same arguments, same inputs. What ends
/// the process, takes 10 s of CPU, or makes it grow beyond 512 MiB is a finding: its
/// bytes are left in the current folder.
///
///   replay [FILE|FOLDER]... [--mutations N] [--seed S]
///   replay --write-honest FOLDER      the honest inputs, as a corpus to begin with

#if defined(__SANITIZE_ADDRESS__)
#define PRESENT_ADDRESSES_ARE_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PRESENT_ADDRESSES_ARE_WATCHED 1
#endif
#endif

// There with any sanitizer: their own reports don't end in a signal.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

namespace fs = std::filesystem;

constexpr int cpu_seconds = 10;
constexpr const char* finding_file = "finding.bin";

/// What is read at the moment, for whoever has to say what went wrong.
struct under_way {
  const char* bytes = nullptr;
  std::size_t size = 0;
};
under_way now;

void say(const char* text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

/// Only calls that are safe in a signal's handler.
void leave_finding() {
  if (now.bytes == nullptr)
    return;
  const int file = open(finding_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0) {
    [[maybe_unused]] const auto written = write(file, now.bytes, now.size);
    close(file);
  }
  say("the input is in ");
  say(finding_file);
  say("\n");
}

void on_signal(int number) {
  say(number == SIGVTALRM ? "an input takes too long\n" : "an input ends the process\n");
  leave_finding();
  signal(number, SIG_DFL);
  raise(number);
}

void watch() {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM})
    signal(number, on_signal);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(leave_finding);
}

void check_memory() {
#ifndef PRESENT_ADDRESSES_ARE_WATCHED
  constexpr long max_kib = 512 * 1024;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  if (used.ru_maxrss > max_kib) {
    say("an input makes the process grow beyond 512 MiB\n");
    std::abort();
  }
#endif
}

void run(const std::string& bytes) {
  now = {bytes.data(), bytes.size()};
  const itimerval limit{{0, 0}, {cpu_seconds, 0}};
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  check_memory();
  now = {};
}

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), std::strerror(errno));
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// In the order of their names: the order decides what a seed means.
std::vector<std::string> read_all(const fs::path& path) {
  if (!fs::is_directory(path))
    return {read_file(path)};
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator{path})
    names.push_back(entry.path());
  std::sort(names.begin(), names.end());
  std::vector<std::string> all;
  for (const auto& name : names)
    all.push_back(read_file(name));
  return all;
}

int write_honest(const fs::path& folder) {
  unsigned place = 0;
  for (const auto& bytes : present::fuzz::honest_inputs()) {
    std::ofstream file{folder / ("honest-" + std::to_string(place++)), std::ios::binary};
    file << bytes;
    if (!file.flush()) {
      std::fprintf(stderr, "%s: %s\n", folder.c_str(), std::strerror(errno));
      return 2;
    }
  }
  return 0;
}

std::uint64_t number_in(const char* text) {
  std::uint64_t number = 0;
  const auto* end = text + std::strlen(text);
  if (std::from_chars(text, end, number).ptr != end || text == end) {
    std::fprintf(stderr, "'%s' is no number\n", text);
    std::exit(2);
  }
  return number;
}

} // namespace

int main(int count, char** arguments) {
  std::vector<std::string> inputs = present::fuzz::honest_inputs();
  std::uint64_t mutations = 0;
  std::uint64_t seed = 1;
  for (int place = 1; place < count; ++place) {
    const std::string said = arguments[place];
    const bool has_more = place + 1 < count;
    if (said == "--write-honest" && has_more)
      return write_honest(arguments[++place]);
    if (said == "--mutations" && has_more)
      mutations = number_in(arguments[++place]);
    else if (said == "--seed" && has_more)
      seed = number_in(arguments[++place]);
    else
      for (auto& bytes : read_all(said))
        inputs.push_back(std::move(bytes));
  }
  watch();
  for (const auto& bytes : inputs)
    run(bytes);
  for (std::uint64_t turn = 0; turn < mutations; ++turn)
    run(present::fuzz::mutation_of(inputs, (seed << 32) + turn));
  std::printf("%zu inputs and %llu mutations of them\n", inputs.size(),
              static_cast<unsigned long long>(mutations));
  return 0;
}
