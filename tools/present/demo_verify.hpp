#pragma once

#include "tools/present/demo_report.hpp"
#include "tools/present/program.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

/// The second half of the demo's proof: a process that has seen nothing of the
/// import reads all back.
namespace present::tools {

inline constexpr auto demo_space = "iso";

/// Leaves the acknowledgements in `data`, starts the process, and waits for what
/// it found.
result<verification>
verify_in_fresh_process(const std::filesystem::path& data,
                        const std::map<std::string, std::uint64_t>& acknowledged);

/// The hidden verb that this process is.
void add_demo_verify(program& present);

} // namespace present::tools
