#include "tests/scenarios/transcript.hpp"

#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace present::scenarios {
namespace {

words split(const std::string& line) {
  std::istringstream in{line};
  return {std::istream_iterator<std::string>{in}, {}};
}

/// The transcript as it should read.
std::string replay(std::istream& in, const line_player& play) {
  std::string result, line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("    "))
      continue; // an expectation
    result += line + '\n';
    const auto verb = split(line);
    if (verb.empty() || line[0] == '#')
      continue;
    try {
      result += play(verb);
    } catch (const std::exception& problem) {
      throw std::runtime_error("line " + std::to_string(number) + ": "
                               + problem.what());
    }
  }
  return result;
}

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  if (!in)
    throw std::runtime_error("can't be read");
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The first line where the two part.
void show_difference(const std::string& expected, const std::string& came) {
  std::istringstream left{expected}, right{came};
  std::string one, other;
  for (std::size_t number = 1;; ++number) {
    const bool more = static_cast<bool>(std::getline(left, one));
    const bool more_too = static_cast<bool>(std::getline(right, other));
    if (!more && !more_too)
      return;
    if (more == more_too && one == other)
      continue;
    std::cerr << "  line " << number << "\n  expected: " << (more ? one : "(end)")
              << "\n  came:     " << (more_too ? other : "(end)") << '\n';
    return;
  }
}

bool run(const std::string& path, bool rewrite, const line_player& play) {
  try {
    const auto expected = text_of(path);
    std::istringstream in{expected};
    const auto came = replay(in, play);
    if (came == expected)
      return true;
    if (rewrite) {
      std::ofstream{path} << came;
      std::cerr << path << ": rewritten\n";
      return true;
    }
    std::cerr << path << ": another outcome than expected\n";
    show_difference(expected, came);
  } catch (const std::exception& problem) {
    std::cerr << path << ": " << problem.what() << '\n';
  }
  return false;
}

} // namespace

int play_transcripts(int argc, char** argv, const std::function<line_player()>& make_player) {
  bool rewrite = false, passed = true;
  for (int place = 1; place < argc; ++place) {
    if (std::strcmp(argv[place], "--rewrite") == 0)
      rewrite = true;
    else
      passed = run(argv[place], rewrite, make_player()) && passed;
  }
  return passed ? 0 : 1;
}

} // namespace present::scenarios
