#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <map>
#include <string>

/// The file of `present node run --config FILE`: one node of a cluster.
///
///   cluster = "0123456789ab"      # the trust domain of its certificates
///   node = 1
///   data = "/var/lib/present"     # its folder: made at the first start
///   rpc = "127.0.1.1:7400"        # where it listens
///   http = "127.0.1.1:7401"       # empty or left out: no HTTP
///   ca = "…/ca.pem"
///   cert = "…/node-1.pem"
///   key = "…/node-1.key"
///   partitions = 4                # at the cluster's birth, besides the root
///
///   [peers]                       # all nodes at the cluster's birth, this one too
///   1 = "127.0.1.1:7400"
namespace present::tools {

struct node_file {
  std::string cluster;
  node_id node;
  std::string data;
  std::string rpc;
  std::string http;
  std::string ca;
  std::string cert;
  std::string key;
  std::uint32_t partitions = 4;
  std::map<node_id, std::string> peers; ///< RPC addresses

  friend bool operator==(const node_file&, const node_file&) = default;
};

std::string encode_node_file(const node_file& node);

/// `invalid` names what is missing or wrong, with `file` and line where it has one.
result<node_file> decode_node_file(const std::string& text, const std::string& file);

} // namespace present::tools
