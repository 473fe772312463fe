#pragma once

#include <filesystem>
#include <string>

namespace present::tools {

/// A cluster's folder: the one that the user named, or a new temporary one that
/// goes with this object unless it is to be kept.
class scratch_folder {
public:
  scratch_folder(const std::string& named, bool keep);
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder();

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
  bool remove_;
};

} // namespace present::tools
