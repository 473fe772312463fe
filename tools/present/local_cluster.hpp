#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "tools/present/child_process.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/node_file.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// A cluster of node processes on this machine. Its folder:
///
///   cluster.json                  how others find it (cluster_file.hpp)
///   certificates/                 the authority, a client's and an admin's
///   node-N.toml .pem .key .log    one node: its file, certificate, output
///   node-N.storage-key            what its data are encrypted with
///   node-N/                       its data
///   node-N.held                   it was killed on purpose: don't restart it
namespace present::tools {

struct local_cluster_options {
  std::filesystem::path data;
  std::uint32_t nodes = 3;
  std::uint32_t partitions = 0; ///< besides the root; 0: half as many as cores
  bool random_ports = false;
  bool http_plain = false; ///< of a new cluster: HTTP without TLS
  /// Nodes end when this process does, however it ends.
  bool dies_with_us = true;
};

/// Owns the node processes. Not thread-safe.
///
/// I1  A node has one process at most.
/// I2  cluster.json names the processes that run, after each change of them.
/// I3  A node that is held isn't restarted until `start` says so.
class local_cluster {
public:
  using clock = std::chrono::steady_clock;

  /// Makes the folder's content, or takes up what an earlier run left there.
  /// `invalid` if another process runs this cluster, or a port is in use.
  static result<local_cluster> prepare(const local_cluster_options& options);

  status start_all();
  /// Makes a cluster of the nodes that were started; nothing to do if they are one.
  status found(std::uint64_t timeout_ms);
  status start(node_id id);

  /// SIGKILL: as a crash. Held until `start`.
  status kill(node_id id);

  /// What became of nodes since the last call: ended ones are reaped and, unless
  /// held, started again, at once at first, later with a growing pause. One
  /// sentence each.
  std::vector<std::string> tend();

  /// Readable when a node has ended: for poll(2).
  std::vector<int> ended_fds() const;

  /// SIGTERM to all, and SIGKILL to what is still there after the time given.
  void stop_all(std::uint64_t timeout_ms);

  const cluster_file& file() const { return file_; }
  const std::filesystem::path& data() const { return options_.data; }
  /// "https://127.0.1.1:7401", as the node's file has it.
  std::string http_url(const cluster_node& node) const;

private:
  struct restart_pause {
    clock::time_point started;
    clock::time_point not_before;
    std::uint32_t quick_ends = 0; ///< in a row
  };

  explicit local_cluster(local_cluster_options options)
      : options_(std::move(options)) {}

  status make_certificates();
  status make_nodes();
  status write_node(const cluster_node& node, const node_file& shared) const;
  status check_ports() const;
  status save() const;
  void note_end(node_id id, bool killed);

  local_cluster_options options_;
  cluster_file file_;
  std::map<node_id, child_process> processes_;
  std::map<node_id, restart_pause> pauses_;
};

/// The marker that keeps a node down: made by `node kill`, removed by `node start`.
std::filesystem::path held_marker(const std::filesystem::path& data, node_id id);

/// The command that runs a node.
std::vector<std::string> node_command(const std::filesystem::path& data, node_id id);

} // namespace present::tools
