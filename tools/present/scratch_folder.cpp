#include "tools/present/scratch_folder.hpp"

#include "runtime/base/check.hpp"

#include <cstdlib>

namespace present::tools {

scratch_folder::scratch_folder(const std::string& named, bool keep)
    : path_(named), remove_(named.empty() && !keep) {
  if (!named.empty())
    return;
  auto pattern = (std::filesystem::temp_directory_path() / "present-XXXXXX").string();
  check(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  if (remove_)
    std::filesystem::remove_all(path_, ignored);
}

} // namespace present::tools
