#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

/// A target with two defects, for the test that the driver finds such: a length that
/// is believed, and a loop without an end.

std::vector<std::string> present::fuzz::honest_inputs() {
  return {present::fuzz::chosen(0, std::string("\3\0\0\0abc", 7)),
          present::fuzz::chosen(1, "a loop")};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const present::fuzz::input given{data, size};
  const auto bytes = given.rest();
  if (bytes.empty())
    return 0;
  if (given.choice_of(2) == 0)
    present::fuzz::must(static_cast<std::uint8_t>(bytes.front()) < bytes.size(),
                        "a length is within its message");
  volatile std::uint64_t turns = 0;
  while (bytes == "an endless loop")
    turns = turns + 1;
  return 0;
}
