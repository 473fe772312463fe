#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <map>
#include <string>

/// Clusters that the user has a name for (`present context`), in `contexts.toml` in
/// the user's folder:
///
///   current = "prod"
///
///   [contexts.prod]
///   endpoint = "10.0.0.1:7400"
///   ca = "/etc/present/ca.pem"
///   cert = "/etc/present/ann.pem"
///   key = "/etc/present/ann.key"
///
///   [contexts.here]
///   data = "/var/tmp/first"
namespace present::tools {

/// A local cluster's folder, or the other four.
struct saved_context {
  std::string data;
  std::string endpoint;
  std::string ca;
  std::string cert;
  std::string key;

  /// Which of the four is; empty if there is enough to reach a cluster.
  std::string missing() const;
  friend bool operator==(const saved_context&, const saved_context&) = default;
};

struct saved_contexts {
  std::string current; ///< empty: none
  std::map<std::string, saved_context> by_name;

  /// `not_found` with the nearest name.
  result<saved_context> find(const std::string& name) const;
  friend bool operator==(const saved_contexts&, const saved_contexts&) = default;
};

/// `invalid` unless it has 1 to 64 letters, digits, '-' and '_'.
status check_context_name(const std::string& name);

std::string encode_contexts(const saved_contexts& all);
result<saved_contexts> decode_contexts(const std::string& text, const std::string& file);

/// Nothing if there is no such file yet.
result<saved_contexts> load_contexts(const std::filesystem::path& user_folder);
/// Only its owner may read it. Makes the folder.
status save_contexts(const std::filesystem::path& user_folder, const saved_contexts& all);

} // namespace present::tools
