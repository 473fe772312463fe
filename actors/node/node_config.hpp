#pragma once

#include "actors/raft/raft_settings.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace present {

/// A founding member: a node and the incarnation of its data folder (P19).
struct founder {
  node_id id;
  store_id store;
  std::string rpc_address; ///< "127.0.1.1:7400"
  std::string http_address;

  friend bool operator==(const founder&, const founder&) = default;
};

/// Everything that a node is told from outside.
struct node_config {
  std::string cluster; ///< trust domain: 12 hexadecimal digits
  node_id self;
  std::filesystem::path data;
  std::string rpc_address; ///< IP literal and port
  std::string http_address; ///< empty: no HTTP
  std::filesystem::path authority; ///< PEM files
  std::filesystem::path certificate;
  std::filesystem::path key;
  /// Keys that wrap the keys of what is on disk (storage/key_file.hpp).
  std::filesystem::path storage_key;
  std::vector<founder> founders; ///< this node among them
  std::uint32_t partitions = 4;  ///< besides the root
  raft::raft_settings raft;
  std::size_t checkpoint_bytes = 64 * bounds::mib;
};

} // namespace present
