#include "tools/present/completion_script.hpp"

#include "tools/present/child_process.hpp"

#include <doctest/doctest.h>

using namespace present::tools;

namespace {

const std::vector<completion_entry> entries{
  {"present", {"kv", "status"}},
  {"present kv", {"get", "put", "--data"}},
  {"present kv get", {"--data"}},
  {"present status", {"--data"}},
};

/// What bash offers for a line that ends in the word under the cursor.
std::string offered_by_bash(const std::string& line) {
  const auto script = completion_script("bash", entries)
                      + "COMP_WORDS=(" + line
                      + ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_present\n"
                        "echo \"${COMPREPLY[*]}\"\n";
  auto bash = child_process::start(
    {.arguments = {"/bin/bash", "-c", script}, .captures_output = true});
  REQUIRE(bash);
  return bash->read_output();
}

} // namespace

TEST_CASE("bash is offered what may follow the command that was typed") {
  CHECK(offered_by_bash("present ''") == "kv status\n");
  CHECK(offered_by_bash("present k") == "kv\n");
  CHECK(offered_by_bash("present kv ''") == "get put --data\n");
  CHECK(offered_by_bash("present kv get --d") == "--data\n");
  // Flags and values between the verbs don't lose the way.
  CHECK(offered_by_bash("present --data here kv g") == "get\n");
}

TEST_CASE("each shell has a script of its own, another has none") {
  CHECK(completion_script("zsh", entries).find("#compdef present\n") == 0);
  CHECK(completion_script("fish", entries).find("complete -c present") != std::string::npos);
  CHECK(completion_script("tcsh", entries).empty());
}
