#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What one target is: the entry that libFuzzer calls, and inputs to begin with.
/// `replay_main.cpp` calls the same without libFuzzer.

/// Returns 0. Ends the process if the product breaks a promise about these bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace present::fuzz {

/// Inputs as the product itself writes them, at least one of each kind: mutations
/// of these reach further than bytes made from nothing.
std::vector<std::string> honest_inputs();

} // namespace present::fuzz
