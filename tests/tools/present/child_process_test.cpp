#include "tools/present/child_process.hpp"

#include "tools/present/files.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

using namespace present;
using namespace present::tools;

namespace {

constexpr std::uint64_t long_enough_ms = 20'000;

struct temporary_folder {
  std::string path;
  temporary_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "present-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
};

} // namespace

TEST_CASE("a child's end is seen, with its status") {
  auto child = child_process::start({{"/bin/sh", "-c", "exit 3"}, {}});
  REQUIRE(child);
  REQUIRE(child->ends_within(long_enough_ms));
  CHECK(describe_wait_status(*child->wait_status()) == "exit status 3");
  CHECK(child->ends_within(0));
}

TEST_CASE("a child that is killed says by which signal") {
  auto child = child_process::start({{"/bin/cat", "/dev/zero"}, "/dev/null"});
  REQUIRE(child);
  CHECK_FALSE(child->ends_within(0));
  CHECK(is_alive(child->pid()));
  child->signal(SIGKILL);
  REQUIRE(child->ends_within(long_enough_ms));
  CHECK(describe_wait_status(*child->wait_status()) == "signal 9");
}

TEST_CASE("its output goes to its log, or back to us") {
  temporary_folder folder;
  const auto log = std::filesystem::path(folder.path) / "log";
  for (const auto* line : {"echo one", "echo two >&2"}) {
    auto child = child_process::start({{"/bin/sh", "-c", line}, log});
    REQUIRE(child);
    REQUIRE(child->ends_within(long_enough_ms));
  }
  CHECK(*read_file(log) == "one\ntwo\n");
  auto captured = child_process::start(
    {.arguments = {"/bin/sh", "-c", "echo said"}, .captures_output = true});
  REQUIRE(captured);
  CHECK(captured->read_output() == "said\n");
}

TEST_CASE("a child doesn't outlive its owner, unless it is released") {
  pid_t pid = 0;
  {
    auto child = child_process::start({{"/bin/cat", "/dev/zero"}, "/dev/null"});
    REQUIRE(child);
    pid = child->pid();
  }
  CHECK_FALSE(is_alive(pid));
}

TEST_CASE("a program that isn't there ends like a command that isn't found") {
  auto child = child_process::start({{"/nonexistent"}, {}});
  REQUIRE(child);
  REQUIRE(child->ends_within(long_enough_ms));
  CHECK(describe_wait_status(*child->wait_status()) == "exit status 127");
}

TEST_CASE("a file is replaced as a whole, with its mode from the start") {
  temporary_folder folder;
  const auto path = std::filesystem::path(folder.path) / "key";
  REQUIRE(replace_file(path, "first"));
  REQUIRE(replace_file(path, "second", 0600));
  CHECK(*read_file(path) == "second");
  CHECK(std::filesystem::status(path).permissions()
        == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK_FALSE(replace_file(std::filesystem::path(folder.path) / "no" / "file", "x"));
}
