#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <map>
#include <string>

/// The file of `present node run --config FILE`: one node of a cluster.
///
///   cluster = "0123456789ab"      # the trust domain of its certificates
///   node = 1
///   data = "/var/lib/present"     # its store, with the id that is founded below
///   ca = "…/ca.pem"
///   cert = "…/node-1.pem"
///   key = "…/node-1.key"
///   storage_key = "…/node-1.storage-key"   # wraps the keys of what is on disk
///
///   [founders.1]                  # each node at the cluster's birth, this one too
///   store = "00c0ffee00c0ffee"    # the id of its data folder (16 hex digits)
///   rpc = "127.0.1.1:7400"        # where it listens
///   http = "127.0.1.1:7401"
namespace present::tools {

struct founding_node {
  store_id store;
  std::string rpc;
  std::string http;
  friend bool operator==(const founding_node&, const founding_node&) = default;
};

struct node_file {
  std::string cluster;
  node_id node;
  std::string data;
  std::string ca;
  std::string cert;
  std::string key;
  std::string storage_key;
  std::map<node_id, founding_node> founders;

  friend bool operator==(const node_file&, const node_file&) = default;
};

std::string encode_node_file(const node_file& node);

/// `invalid` names what is missing or wrong, with `file` and line where it has one.
result<node_file> decode_node_file(const std::string& text, const std::string& file);

/// 16 hexadecimal digits.
std::string to_hexadecimal(store_id store);

} // namespace present::tools
