#pragma once

#include "actors/conflict/write_advisor.hpp"
#include "actors/raft/raft_settings.hpp"
#include "actors/scrub/scrub_machine.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace present {

/// Everything that a node is told from outside.
struct node_config {
  std::string cluster; ///< trust domain: 12 hexadecimal digits
  node_id self;
  std::filesystem::path data;
  std::string rpc_address; ///< where it listens: IP literal and port
  std::string http_address; ///< empty: no HTTP
  /// Where others find it; empty: where it listens.
  std::string advertised_rpc;
  std::string advertised_http;
  /// HTTP without TLS: on a loopback address only, where everybody may do everything.
  bool http_plain = false;
  /// Health, readiness and metrics without TLS, on a loopback address; empty: not.
  std::string health_address;
  std::filesystem::path authority; ///< PEM files
  std::filesystem::path certificate;
  std::filesystem::path key;
  /// Keys that wrap the keys of what is on disk (storage/key_file.hpp).
  std::filesystem::path storage_key;
  raft::raft_settings raft;
  scrub::settings scrub;
  std::size_t checkpoint_bytes = 64 * bounds::mib;
  /// That run actors; 0: those of its network, and nothing else, on a machine of few cores,
  /// else half as many as there are cores.
  std::size_t worker_threads = 0;
  std::uint32_t marker_interval_ms = 60'000; ///< between digests that are compared (P24)
  /// What the embedding program has registered for writes in conflict (A5); null: nothing.
  std::shared_ptr<const conflict::write_advisor> advisor = {};
};

} // namespace present
