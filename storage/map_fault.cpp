#include "storage/map_fault.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

/// All that a signal's handler calls here is async-signal-safe (signal-safety(7)):
/// system calls and arithmetic, no allocation, no lock.
namespace present::storage {

namespace {

constexpr std::uint64_t page_bytes = 4096;

void say(std::string_view text) {
  while (!text.empty()) {
    const auto count = write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void say_number(std::uint64_t value) {
  char digits[20];
  std::size_t first = sizeof digits;
  do
    digits[--first] = static_cast<char>('0' + value % 10);
  while (value /= 10);
  say({digits + first, sizeof digits - first});
}

/// Takes a hexadecimal number and the character behind it off the front.
std::uint64_t take_hexadecimal(std::string_view& text) {
  std::uint64_t value = 0;
  while (!text.empty()) {
    const char digit = text.front();
    text.remove_prefix(1);
    if (digit >= '0' && digit <= '9')
      value = value << 4 | static_cast<std::uint64_t>(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      value = value << 4 | static_cast<std::uint64_t>(digit - 'a' + 10);
    else
      break;
  }
  return value;
}

/// "7f00-7f10 r--s 00002000 fe:00 1234      /path", from proc(5). False if the
/// address isn't of this mapping, or that is of no file.
bool report_if_here(std::string_view line, std::uint64_t address) {
  const auto start = take_hexadecimal(line);
  const auto end = take_hexadecimal(line);
  if (address < start || address >= end)
    return false;
  line.remove_prefix(line.find(' ') + 1);
  const auto offset = take_hexadecimal(line);
  const auto path = line.find('/');
  if (path == std::string_view::npos)
    return false;
  say("present: ");
  say(line.substr(path));
  say(": page ");
  say_number((address - start + offset) / page_bytes);
  say(" can't be read (SIGBUS): the file was cut short, or its disk has failed. "
      "The process ends; its next start rebuilds what is lost from the peers\n");
  return true;
}

/// Lines of /proc/self/maps, as many at a time as the buffer holds.
void report(std::uint64_t address) {
  const int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0)
    return;
  char buffer[8192];
  std::size_t held = 0;
  bool found = false;
  while (!found) {
    const auto count = read(maps, buffer + held, sizeof buffer - held);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      break;
    held += static_cast<std::size_t>(count);
    std::string_view rest{buffer, held};
    for (auto end = rest.find('\n'); end != std::string_view::npos && !found;
         end = rest.find('\n')) {
      found = report_if_here(rest.substr(0, end), address);
      rest.remove_prefix(end + 1);
    }
    held = rest.size() < sizeof buffer ? rest.size() : 0;
    for (std::size_t i = 0; i < held; ++i)
      buffer[i] = rest[i];
  }
  close(maps);
}

/// On return the touch is tried again, and by then the signal ends the process.
void on_bus_error(int, siginfo_t* what, void*) {
  report(reinterpret_cast<std::uintptr_t>(what->si_addr));
}

} // namespace

void report_map_faults() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, nullptr);
  });
}

} // namespace present::storage
