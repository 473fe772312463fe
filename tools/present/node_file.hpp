#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <string>

/// The file of `present node run --config FILE`: one node of a cluster.
///
///   cluster = "0123456789ab"      # the trust domain of its certificates
///   node = 1
///   data = "/var/lib/present"     # a store is begun there if there is none
///   rpc = "10.0.0.1:7400"         # where it listens
///   http = "10.0.0.1:7401"        # may be left out: no HTTP
///   ca = "…/ca.pem"
///   cert = "…/node-1.pem"
///   key = "…/node-1.key"
///   storage_key = "…/node-1.storage-key"   # wraps the keys of what is on disk
///   http_plain = true             # HTTP without TLS: on loopback only (default: false)
///   health_listen = "127.0.0.1:7402"       # health without TLS, on loopback (default: none)
///
///   advertise_rpc = "a.example:7400"       # where others find it, if elsewhere
///   advertise_http = "a.example:7401"
///   checkpoint_bytes = 67108864            # changes between two checkpoints (P27)
///   marker_interval_ms = 60000             # how often replicas compare digests (P24)
///
/// Who else is in the cluster isn't here: the node keeps the cluster's map in `data`.
namespace present::tools {

struct node_file {
  std::string cluster;
  node_id node;
  std::string data;
  std::string rpc;
  std::string http;
  std::string advertise_rpc;
  std::string advertise_http;
  std::string ca;
  std::string cert;
  std::string key;
  std::string storage_key;
  bool http_plain = false;
  std::string health_listen;
  std::uint64_t checkpoint_bytes = 64 * bounds::mib;
  std::uint32_t marker_interval_ms = 60'000;

  friend bool operator==(const node_file&, const node_file&) = default;
};

std::string encode_node_file(const node_file& node);

/// `invalid` names what is missing or wrong, with `file` and line where it has one.
result<node_file> decode_node_file(const std::string& text, const std::string& file);

} // namespace present::tools
