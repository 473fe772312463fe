#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// `DIR/cluster.json`: how a local cluster is found (INTERFACE: a cluster). Written
/// by whoever starts its processes, read by every verb that takes `--data DIR`.
namespace present::tools {

struct cluster_node {
  node_id id;
  std::int64_t pid = 0; ///< 0: not running
  std::string rpc;      ///< "127.0.1.1:7400"
  std::string http;
  std::string data;
  std::string log;
  friend bool operator==(const cluster_node&, const cluster_node&) = default;
};

struct cluster_file {
  std::string cluster; ///< trust domain: 12 hexadecimal digits
  std::int64_t supervisor_pid = 0; ///< the `up` or `demo` that restarts nodes; 0: none
  std::vector<cluster_node> nodes;
  std::string ca;
  std::string client_cert;
  std::string client_key;
  std::string admin_cert;
  std::string admin_key;

  /// Null if there is no such node.
  const cluster_node* node(node_id id) const;
  cluster_node* node(node_id id);
  friend bool operator==(const cluster_file&, const cluster_file&) = default;
};

std::filesystem::path cluster_file_path(const std::filesystem::path& data);

std::string encode_cluster_file(const cluster_file& cluster);

/// `origin` is what errors call the text. Unknown members are let be: a newer
/// program may have written them.
result<cluster_file> decode_cluster_file(const std::string& text,
                                         const std::string& origin);

/// `not_found` with what to do if DIR holds no cluster.
result<cluster_file> load_cluster_file(const std::filesystem::path& data);

/// Replaces the file as a whole: a reader sees the old one or the new one.
status save_cluster_file(const std::filesystem::path& data,
                         const cluster_file& cluster);

} // namespace present::tools
