#pragma once

#include "tools/present/cluster_file.hpp"
#include "tools/present/scratch_folder.hpp"

#include <unistd.h>

namespace present::tools {

/// A folder whose cluster.json says that each node is this very process.
class this_process_as_cluster {
public:
  explicit this_process_as_cluster(std::uint32_t nodes) {
    cluster_file file;
    file.cluster = "0123456789ab";
    for (std::uint32_t number = 1; number <= nodes; ++number)
      file.nodes.push_back({node_id{number}, ::getpid(), "127.0.1." + std::to_string(number) + ":1",
                            "127.0.1." + std::to_string(number) + ":2", "data", "log"});
    save_cluster_file(folder_.path(), file);
  }

  const std::filesystem::path& data() const { return folder_.path(); }

private:
  scratch_folder folder_{"", false};
};

} // namespace present::tools
